/* Calls functions of the server, and does what they answer. */
(() => {
"use strict";
const script = document.currentScript, {csrf} = script.dataset, NDJSON = "application/x-ndjson";
const functions = new Map();
let uri = script.dataset.uri || location.href;
const each = (selector, act) =>
  (window.jQuery ? jQuery(selector).get() : [...document.querySelectorAll(selector)]).forEach(act);
const joined = (old, {setType: how, value}) =>
  how === "append" ? old + value : how === "prepend" ? value + old : value;
const ready = (act) =>
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", act) : act();
const PROPERTIES = {class: "className", for: "htmlFor", readonly: "readOnly"};

const Sijax = window.Sijax = {
  PARAM_REQUEST: "sijax_rq",
  PARAM_ARGS: "sijax_args",
  setRequestUri(value) { uri = value; },
  getRequestUri: () => uri,
  setJsonUri() {},
  register(name, f) { functions.set(name, f); },
  getCommandProcessor: (type) => Sijax["process_" + type],
  processCommands(commands) {
    for (const command of commands) Sijax.getCommandProcessor(command.type)(command);
  },

  process_alert: ({alert}) => window.alert(alert),
  process_html({selector, html, setType}) {
    const place = {append: "beforeend", prepend: "afterbegin"}[setType];
    each(selector, (el) => place ? el.insertAdjacentHTML(place, html) : (el.innerHTML = html));
  },
  process_attr(params) {
    const key = PROPERTIES[params.key] || params.key;
    if (/^on/i.test(key)) return;
    each(params.selector, (el) => {
      if (key in el) el[key] = joined(key === "style" ? el.style.cssText : el[key], params);
      else el.setAttribute(key, joined(el.getAttribute(key) || "", params));
    });
  },
  process_css({selector, key, value}) {
    if (typeof value === "number" && !/opacity|index|weight|zoom|line|flex/i.test(key)) value += "px";
    each(selector, ({style}) => key.includes("-") ? style.setProperty(key, value) : (style[key] = value));
  },
  process_remove: ({remove}) => each(remove, (el) => el.remove()),
  process_script(params) {
    const el = Object.assign(document.createElement("script"), {nonce: script.nonce, text: params.script});
    document.head.append(el);
  },
  process_redirect({redirect}) {
    if (/^https?:/.test(new URL(redirect, document.baseURI))) location = redirect;
  },
  process_call({call, params}) {
    if (functions.has(call)) return functions.get(call)(...params);
    const path = call.split("."), name = path.pop();
    path.reduce((found, part) => found[part], window)[name](...params);
  },

  request(name, args, params = {}) {
    return guarded(params, async () => {
      const answer = await send(fields(name, args, params), "application/json", params.url);
      (params.success || Sijax.processCommands)(await answer.json());
    });
  },
  getFormValues(selector) {
    const values = {};
    each(selector, (form) => form.querySelectorAll("input, textarea, select").forEach((el) => {
      const found = /^([^[\]]+)(?:\[(.*)\])?$/.exec(el.name);
      if (!found || el.matches(":disabled, [type=checkbox]:not(:checked), [type=radio]:not(:checked)")) return;
      const parts = [found[1], ...found[2]?.split("][") || []];
      if (parts.includes("__proto__")) return;
      const last = parts.pop();
      let at = values;
      parts.forEach((part, index) => {
        if (!Object.hasOwn(at, part)) at[part] = !last && index === parts.length - 1 ? [] : {};
        at = at[part];
      });
      const value = el.multiple && el.options ? [...el.selectedOptions].map((o) => o.value) : el.value;
      if (!last && Array.isArray(at)) at.push(value); else at[last] = value;
    }));
    return values;
  },
};

async function send(body, accept, url) {
  const headers = {Accept: accept, ...(csrf && {"X-CSRFToken": csrf})};
  const answer = await fetch(url || uri, {method: "POST", body, headers});
  if (!answer.ok) throw new Error("Sijax: status " + answer.status);
  return answer;
}
const guarded = (params, act) => params.error ? act().catch(params.error) : act();
function fields(name, args = [], {data = {}}) {
  const body = new URLSearchParams(data);
  body.set(Sijax.PARAM_REQUEST, name);
  body.set(Sijax.PARAM_ARGS, JSON.stringify(args));
  return body;
}
/* A line has an array of commands, done as soon as it is here. */
async function follow(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "", end; !end;) {
    const {value = "\n", done} = await reader.read();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    end = done;
    for (const line of lines) if (line) Sijax.processCommands(JSON.parse(line));
  }
}

window.sjxComet = {
  request: (name, args, params = {}) =>
    guarded(params, async () => follow(await send(fields(name, args, params), NDJSON, params.url))),
};
window.sjxUpload = {
  registerForm: (params) => ready(() => {
    const form = document.getElementById(params.formId);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = new FormData(form, event.submitter);
      body.set(Sijax.PARAM_REQUEST, params.callback);
      body.set(Sijax.PARAM_ARGS, JSON.stringify([params.formId]));
      guarded(params, async () => follow(await send(body, NDJSON, form.getAttribute("action"))));
    });
  }),
  resetForm: (id) => document.getElementById(id).reset(),
};

/* Elements that say themselves what they call. */
for (const type of ["click", "submit"]) addEventListener(type, (event) => {
  const el = event.target.closest("[data-sijax]"), submits = type === "submit";
  if (!el || el.matches("form") !== submits) return;
  event.preventDefault();
  const args = JSON.parse(el.dataset.sijaxArgs || "[]");
  if (submits) args.push(Sijax.getFormValues("#" + el.id));
  Sijax.request(el.dataset.sijax, args);
});
ready(() => each("form[data-sijax-upload]", ({id, dataset}) =>
  sjxUpload.registerForm({formId: id, callback: dataset.sijaxUpload})));
})();
