"use strict";
(function () {
  var script = document.currentScript;
  var facts = JSON.parse(script.dataset.bar);
  script.removeAttribute("data-bar");

  function element(name, text, kind) {
    var made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function row(first, second) {
    var made = element("tr");
    made.append(element("td", first), element("td", second));
    return made;
  }

  function item(title, rows) {
    var made = element("details");
    made.name = "demijohn";
    made.append(element("summary", title));
    var table = element("table");
    rows.forEach(function (pair) { table.append(row(pair[0], pair[1])); });
    var box = element("div", undefined, "box");
    box.append(table);
    made.append(box);
    return made;
  }

  var sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":host{all:initial;position:fixed;left:0;bottom:0;z-index:2147483647;max-width:100vw;" +
    "font:12px/1.5 system-ui,sans-serif;color-scheme:dark}" +
    "nav{display:flex;align-items:stretch;background:#17151a;color:#eae6ea;border-top-right-radius:6px}" +
    "summary,button,a,span{padding:3px 9px;cursor:pointer;list-style:none;white-space:nowrap;font:inherit;" +
    "color:inherit;background:none;border:0;text-decoration:none}" +
    "span{cursor:default;color:#ff8fab}summary:hover,button:hover,a:hover,details[open]>summary{background:#35303b}" +
    ".box{position:fixed;left:0;bottom:27px;max-width:min(100vw,60rem);max-height:60vh;overflow:auto;" +
    "background:#242128;border-top-right-radius:6px;padding:6px}" +
    "table{border-collapse:collapse;font:12px/1.45 ui-monospace,monospace}" +
    "td{padding:2px 8px;vertical-align:top;overflow-wrap:anywhere;border-top:1px solid #35303b}" +
    "td:first-child{white-space:nowrap;color:#a19ba7}" +
    ":focus-visible{outline:2px solid #ff8fab;outline-offset:-2px}"
  );

  var bar = element("nav");
  bar.setAttribute("aria-label", "Development bar");
  bar.append(element("span", facts.ms + " ms", "time"));
  bar.append(item("SQL " + facts.sql.count + (facts.sql.count ? " · " + facts.sql.ms + " ms" : ""),
    facts.sql.statements.map(function (one) {
      return [one[0] === null ? "failed" : one[0] + " ms", one[1]];
    })));
  bar.append(item("Templates " + facts.templates.count,
    facts.templates.shown.map(function (one) {
      return [one.name, one.context.map(function (pair) { return pair[0]; }).join(", ")];
    })));
  var context = [];
  facts.templates.shown.forEach(function (one) { context = context.concat(one.context); });
  bar.append(item("Context " + context.length, context));
  bar.append(item(String(facts.status), [["endpoint", facts.endpoint || "none"]]));
  var errors = element("a", "Errors");
  errors.href = facts.errors;
  bar.append(errors);
  var close = element("button", "×");
  close.setAttribute("aria-label", "Close the development bar");
  bar.append(close);

  var host = element("demijohn-bar");
  var root = host.attachShadow({mode: "open"});
  root.adoptedStyleSheets = [sheet];
  root.append(bar);
  close.addEventListener("click", function () { host.remove(); });
  document.body.append(host);
})();
