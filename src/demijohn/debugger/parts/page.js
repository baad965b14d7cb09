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

  // The PIN: asked for once, when the server wants it.
  function askPin(done) {
    var box = element("dialog");
    var form = element("form");
    var said = element("p", "The console asks for the PIN that the terminal of the server shows.");
    var input = element("input");
    input.name = "pin";
    input.autocomplete = "off";
    input.setAttribute("aria-label", "PIN");
    var button = element("button", "Unlock");
    form.append(said, input, button);
    box.append(form);
    document.body.append(box);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      send("pin", {pin: input.value}).then(function (answer) {
        if (answer.status === 204) {
          box.close();
          done();
        } else if (answer.status === 429) {
          said.textContent = "Too many wrong PINs: the console is locked until the server starts again.";
        } else {
          answer.json().then(function (told) {
            said.textContent = "That is not the PIN." + (told.left >= 0 ? " Tries left: " + told.left + "." : "");
          }, function () { said.textContent = "The PIN was refused."; });
          input.select();
        }
      });
    });
    box.addEventListener("close", function () { box.remove(); });
    box.showModal();
    input.focus();
  }

  function run(input) {
    var frame = input.closest("[data-frame]");
    var code = input.value;
    if (!code.trim()) return;
    var out = frame.querySelector(".out");
    if (!out) {
      out = element("pre");
      out.className = "out";
      out.setAttribute("aria-live", "polite");
      input.before(out);
    }
    input.disabled = true;
    send("eval", {frame: frame.dataset.frame, code: code}).then(function (answer) {
      input.disabled = false;
      if (answer.status === 403) {
        askPin(function () { run(input); });
        return;
      }
      return answer.json().then(function (told) {
        (input.past = input.past || []).push(code);
        input.at = input.past.length;
        out.append(">>> " + code + "\n" + (told.output === undefined ? told.error + "\n" : told.output));
        out.scrollTop = out.scrollHeight;
        input.value = "";
        input.focus();
      });
    }).catch(function () {
      input.disabled = false;
      out.append("The server does not answer.\n");
    });
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
