"use strict";
(function () {
  var script = document.currentScript;
  var base = script.getAttribute("src").replace(/page\.js.*$/, "");
  var meta = document.querySelector('meta[name="demijohn-debugger"]');
  var token = meta && meta.content;

  function send(path, body) {
    return fetch(base + path, {
      method: "POST",
      credentials: "same-origin",
      headers: {"Content-Type": "application/json", "X-Demijohn-Debugger": token},
      body: JSON.stringify(body)
    });
  }

  function element(name, text) {
    var made = document.createElement(name);
    if (text) made.textContent = text;
    return made;
  }

  // The PIN: asked for at the console that wants it. Resolves to whether it was given.
  function askPin(at) {
    return new Promise(function (done) {
      var form = element("form");
      var said = element("p", "The console asks for the PIN that the terminal of the server shows.");
      var input = element("input");
      said.setAttribute("role", "status");
      input.name = "pin";
      input.autocomplete = "off";
      input.setAttribute("aria-label", "PIN");
      form.className = "pin";
      form.append(said, input, element("button", "Unlock"));
      at.before(form);
      function close(given) {
        at.focus();
        form.remove();
        done(given);
      }
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        send("pin", {pin: input.value}).then(function (answer) {
          if (answer.status === 204) return close(true);
          if (answer.status === 429) {
            said.textContent = "Too many wrong PINs: the console is locked until the server starts again.";
            return;
          }
          input.select();
          return answer.json().then(function (told) {
            said.textContent = told.error || "That is not the PIN. Tries left: " + told.left + ".";
          });
        }).catch(function () { said.textContent = "The server does not answer."; });
      });
      form.addEventListener("keydown", function (event) {
        if (event.key === "Escape") close(false);
      });
      input.focus();
    });
  }

  function output(input) {
    var out = input.previousElementSibling;
    if (!out || out.className !== "out") {
      out = element("pre");
      out.className = "out";
      out.setAttribute("aria-live", "polite");
      input.before(out);
    }
    return out;
  }

  function say(input, text) {
    var out = output(input);
    out.append(text);
    out.scrollTop = out.scrollHeight;
  }

  function evaluate(input, code) {
    var frame = input.closest("[data-frame]").dataset.frame;
    return send("eval", {frame: frame, code: code}).then(function (answer) {
      return answer.json().then(function (told) {
        if (answer.status === 403 && told.pin) {
          return askPin(input).then(function (given) {
            if (given) return evaluate(input, code);
            input.value = input.value || code;
          });
        }
        say(input, ">>> " + code + "\n" + (told.output === undefined ? told.error + "\n" : told.output));
      });
    }, function () { say(input, "The server does not answer.\n"); });
  }

  // One after another, as they were sent; the next may be written meanwhile.
  function run(input) {
    var code = input.value;
    if (!code.trim()) return;
    (input.past = input.past || []).push(code);
    input.at = input.past.length;
    input.value = "";
    input.work = (input.work || Promise.resolve()).then(function () { return evaluate(input, code); });
  }

  function history(input, step) {
    var past = input.past || [];
    var at = Math.max(0, Math.min(past.length, (input.at === undefined ? past.length : input.at) + step));
    input.at = at;
    input.value = past[at] || "";
  }

  if (token) {
    document.documentElement.classList.add("on");
    document.querySelectorAll("[data-console]").forEach(function (input) {
      input.placeholder = ">>> ";
      input.autocomplete = "off";
      input.spellcheck = false;
      input.setAttribute("aria-label", "Console of this frame");
      input.addEventListener("keydown", function (event) {
        if (event.key === "Enter") { event.preventDefault(); run(input); }
        else if (event.key === "ArrowUp") { event.preventDefault(); history(input, -1); }
        else if (event.key === "ArrowDown") { event.preventDefault(); history(input, 1); }
        else if (event.key === "Escape") { input.closest("details").querySelector("summary").focus(); }
      });
    });
  }

  var copy = document.getElementById("copy");
  if (copy) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      var plain = document.getElementById("plain");
      var text = plain.textContent;
      function told() { copy.textContent = "Copied"; }
      function byHand() {
        var range = document.createRange();
        range.selectNodeContents(plain);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        document.execCommand("copy");
        told();
      }
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(told, byHand);
      else byHand();
    });
  }

  // j and k go from frame to frame, Enter opens one, c goes to its console.
  function frames() { return Array.from(document.querySelectorAll("[data-frame]")); }

  function present() {
    var found = document.activeElement && document.activeElement.closest("[data-frame]");
    return found || document.querySelector("[data-frame][open]") || document.querySelector("[data-frame]");
  }

  function show(frame) {
    for (var outer = frame.parentElement.closest("details"); outer; outer = outer.parentElement.closest("details")) {
      outer.open = true;
    }
    frame.querySelector("summary").focus();
    frame.scrollIntoView({block: "nearest"});
  }

  document.addEventListener("keydown", function (event) {
    var at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
    if (event.key === "j" || event.key === "k") {
      var all = frames();
      var focused = at.closest && at.closest("[data-frame]");
      var place = focused ? all.indexOf(focused) + (event.key === "j" ? 1 : -1) : all.indexOf(present());
      if (all[place]) show(all[place]);
      event.preventDefault();
    } else if (event.key === "c") {
      var frame = present();
      var input = frame && frame.querySelector("[data-console]");
      if (input && token) {
        frame.open = true;
        show(frame);
        input.focus();
        event.preventDefault();
      }
    }
  });
})();
