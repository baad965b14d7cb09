/* Uploads that show how far they are.

   <form method="post" enctype="multipart/form-data" data-upload> ... <progress hidden></progress> </form>
     is sent as it would be without this script, and its <progress> tells how much of it has gone.

   <form data-tus="/files"> <input type="file"> ... <progress hidden></progress> </form>
     sends each file by tus 1.0, and goes on where it was after a break, or after the page was loaded anew.

   Both tell the form: "upload:progress" {sent, total}, "upload:done" {address, status}, "upload:failed" {status}. */
"use strict";
(() => {
  const delays = [0, 1000, 3000, 5000, 10000];
  const version = { "Tus-Resumable": "1.0.0" };
  const wait = (time) => new Promise((done) => setTimeout(done, time));

  function tell(form, name, detail) {
    form.dispatchEvent(new CustomEvent("upload:" + name, { bubbles: true, detail }));
  }

  function show(form, sent, total) {
    const bar = form.querySelector("progress");
    if (bar) {
      bar.hidden = false;
      bar.max = total || 1;
      bar.value = total ? sent : 1;
    }
    tell(form, "progress", { sent, total });
  }

  /* Send one request; the promise is kept whatever the status is, and broken when nobody answers. */
  function send(method, address, headers, body, progress) {
    return new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open(method, address);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (progress) request.upload.addEventListener("progress", (event) => progress(event.loaded, event.total));
      request.addEventListener("load", () => done(request));
      request.addEventListener("error", () => failed(request));
      request.addEventListener("abort", () => failed(request));
      request.send(body);
    });
  }

  async function sendForm(form, button) {
    const data = new FormData(form);
    if (button && button.name) data.append(button.name, button.value);
    let answer;
    try {
      answer = await send("POST", form.action, {}, data, (sent, total) => show(form, sent, total));
    } catch (request) {
      tell(form, "failed", { status: 0 });
      return;
    }
    tell(form, answer.status < 400 ? "done" : "failed", { address: answer.responseURL, status: answer.status });
    if (answer.status < 400 && answer.responseURL !== form.action) {
      location.assign(answer.responseURL);
    } else {
      document.open();
      document.write(answer.responseText);
      document.close();
    }
  }

  const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  async function create(address, file) {
    const headers = {
      ...version,
      "Upload-Length": String(file.size),
      "Upload-Metadata": "filename " + encoded(file.name) + ",filetype " + encoded(file.type),
    };
    const answer = await send("POST", address, headers, null);
    if (answer.status !== 201) throw answer;
    return new URL(answer.getResponseHeader("Location"), answer.responseURL).href;
  }

  async function offset(address) {
    const answer = await send("HEAD", address, version, null);
    if (answer.status !== 200) throw answer;
    return Number(answer.getResponseHeader("Upload-Offset"));
  }

  async function sendFile(form, file) {
    const key = ["tus", form.dataset.tus, file.name, file.size, file.lastModified].join(":");
    let address = localStorage.getItem(key);
    for (let attempt = 0; ; attempt++) {
      try {
        let sent = 0;
        if (address) sent = await offset(address);
        else {
          address = await create(form.dataset.tus, file);
          localStorage.setItem(key, address);
        }
        if (sent < file.size) {
          const headers = { ...version, "Upload-Offset": String(sent), "Content-Type": "application/offset+octet-stream" };
          const answer = await send("PATCH", address, headers, file.slice(sent), (gone) => {
            attempt = 0;
            show(form, sent + gone, file.size);
          });
          if (answer.status !== 204) throw answer;
        }
        localStorage.removeItem(key);
        show(form, file.size, file.size);
        tell(form, "done", { address, status: 204, file });
        return;
      } catch (answer) {
        const status = answer.status || 0;
        if (status === 404 || status === 410) {
          localStorage.removeItem(key);
          address = null;
        } else if (status && status !== 409 && status !== 423 && status < 500) {
          localStorage.removeItem(key);
          tell(form, "failed", { status, file });
          return;
        }
        if (attempt + 1 >= delays.length) {
          tell(form, "failed", { status, file });
          return;
        }
        await wait(delays[attempt + 1]);
      }
    }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if ("tus" in form.dataset) {
      event.preventDefault();
      for (const input of form.querySelectorAll("input[type=file]")) {
        for (const file of input.files) await sendFile(form, file);
      }
    } else if ("upload" in form.dataset) {
      event.preventDefault();
      sendForm(form, event.submitter);
    }
  });
})();
