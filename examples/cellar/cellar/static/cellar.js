// What the pages do beyond plain HTML: news over Socket.IO (io.js), and small comforts in forms.
// Everything works without this file, only less lively.

const news = document.body.dataset.live;
const words = JSON.parse(document.body.dataset.words);
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// News ------------------------------------------------------------------------------------------

let newest = Math.max(0, ...all("[data-activity]").map((entry) => Number(entry.dataset.activity)));
let socket = null;
let everConnected = false;

function connect() {
  socket = io();
  socket.on("connect", () => {
    everConnected = true;
    say("on", words.connected);
    socket.emit("since", newest, ({ missed, totals }) => {
      missed.forEach(tell);
      count(totals);
    });
  });
  socket.on("disconnect", () => say("off", words.off));
  // A server, or something in between, that takes no socket: then the page listens, at least.
  socket.on("connect_error", () => {
    if (everConnected) return;
    socket.disconnect();
    const events = new EventSource(news);
    events.onopen = () => say("on", words.connected);
    events.onerror = () => say("off", words.off);
    events.onmessage = (event) => hear(JSON.parse(event.data));
  });
  socket.on("news", hear);
  socket.on("watching", (number) => all("[data-watching]").forEach((element) => show(element, number)));
}

function say(state, words) {
  for (const element of all("[data-state]")) {
    element.dataset.state = state;
    element.querySelector("[data-state-words]").textContent = words;
  }
}

function hear(message) {
  if (message.type === "cheer") cheered(message);
  if (message.type === "activity") tell(message.activity);
  if (message.stock) restock(message.stock);
  if (message.totals) count(message.totals);
  (message.slots ?? []).forEach(refill);
}

function show(element, value) {
  if (element.textContent === String(value)) return;
  element.textContent = value;
  element.classList.remove("changed");
  void element.offsetWidth; // lets the animation start anew
  element.classList.add("changed");
}

function tell(activity) {
  if (activity.id <= newest) return;
  newest = activity.id;
  for (const list of all("[data-journal]")) {
    const line = document.getElementById("journal-line").content.firstElementChild.cloneNode(true);
    line.dataset.activity = activity.id;
    line.classList.add("entry--fresh");
    line.querySelector(".avatar").textContent = activity.who[0].toUpperCase();
    line.querySelector("strong").textContent = activity.who;
    line.querySelector("strong + span").textContent = words.verbs[activity.verb];
    const subject = line.querySelector("a");
    subject.textContent = activity.subject;
    if (activity.url) subject.href = activity.url;
    const time = line.querySelector("time");
    time.dateTime = activity.at;
    time.textContent = ago(activity.at);
    line.querySelector("b").textContent = activity.cheers || "";
    line.querySelector(".cheer").formAction = activity.cheer_url;
    list.prepend(line);
    while (list.children.length > Number(list.dataset.journal)) list.lastElementChild.remove();
  }
}

function cheered({ activity, count }) {
  for (const button of all(`[data-activity="${activity}"] .cheer`)) {
    button.querySelector("b").textContent = count;
    button.classList.remove("cheer--now");
    void button.offsetWidth;
    button.classList.add("cheer--now");
  }
}

function restock({ bottle, count }) {
  all(`[data-stock="${bottle}"]`).forEach((element) => show(element, count));
  all(`[data-card="${bottle}"]`).forEach((card) => card.classList.toggle("card--none", count === 0));
  all(`[data-needs-stock="${bottle}"]`).forEach((button) => (button.disabled = count === 0));
}

function count(totals) {
  const numbers = { bottles: totals.bottles, labels: totals.labels, ready: totals.ready };
  for (const element of all("[data-total]")) {
    const name = element.dataset.total;
    show(element, numbers[name] ?? totals.by_colour[name] ?? 0);
  }
  for (const bar of all("[data-bar]")) {
    let x = 0;
    for (const part of bar.children) {
      const width = (1000 * (totals.by_colour[part.dataset.colour] ?? 0)) / (totals.bottles || 1);
      part.setAttribute("x", x);
      part.setAttribute("width", width);
      x += width;
    }
  }
}

function refill({ id, bottle }) {
  const slot = document.getElementById(id);
  if (!slot) return;
  slot.setAttribute("class", bottle ? `slot slot--fresh c-${bottle.colour}` : "slot");
  slot.querySelector("title").textContent = bottle ? bottle.title : words.free;
  if (bottle) slot.setAttribute("href", bottle.url);
  else slot.removeAttribute("href");
  const rack = slot.closest(".rack");
  if (rack.classList.contains("rack--only") && bottle?.url === location.pathname) slot.classList.add("slot--this");
  caption(rack);
}

const past = new Intl.RelativeTimeFormat(`${document.documentElement.lang}-u-nu-latn`);

function ago(moment) {
  const steps = [[60, "minute"], [60, "hour"], [24, "day"], [7, "week"], [52, "year"]];
  let number = (Date.now() - Date.parse(moment)) / 1000;
  let unit = "";
  for (const [size, name] of steps) {
    if (number < size) break;
    number /= size;
    unit = name;
  }
  const whole = Math.floor(number);
  return unit ? past.format(-whole, unit) : words.now;
}

// Without a socket the button sends its form.
document.addEventListener("click", (event) => {
  const button = event.target.closest(".cheer");
  if (!button || !socket?.connected) return;
  event.preventDefault();
  const activity = Number(button.closest("[data-activity]").dataset.activity);
  socket.emit("cheer", activity, ({ trouble = "" }) => {
    all("[data-trouble]").forEach((element) => (element.textContent = trouble));
  });
});

if (news) {
  connect();
  setInterval(() => all("time[datetime]").forEach((time) => (time.textContent = ago(time.dateTime))), 30_000);
}

// Racks: pointing at a bottle shows all that are alike, and says where it lies --------------------

function caption(rack, slot) {
  const line = rack.closest(".rack-panel")?.querySelector("[data-caption]");
  if (!line) return;
  if (slot) {
    const [, , shelf, place] = slot.id.split("-");
    line.textContent = fill(words.place, { bottle: slot.querySelector("title").textContent, shelf, place });
  } else {
    line.textContent = fill(words.taken, { taken: all("[href].slot", rack).length, size: all(".slot", rack).length });
  }
}

for (const rack of all(".rack")) {
  rack.addEventListener("pointerover", (event) => {
    const slot = event.target.closest(".slot[href]");
    const same = slot ? all(`.slot[href="${slot.getAttribute("href")}"]`, rack) : [];
    rack.classList.toggle("rack--pointing", Boolean(slot));
    all(".slot--same", rack).forEach((other) => other.classList.remove("slot--same"));
    same.forEach((other) => other.classList.add("slot--same"));
    caption(rack, slot);
  });
  rack.addEventListener("pointerleave", () => {
    rack.classList.remove("rack--pointing");
    caption(rack);
  });
}

// Forms -----------------------------------------------------------------------------------------

document.querySelector("[data-focus]")?.focus();

for (const select of all("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

const megabytes = (bytes) => (bytes / 1e6).toLocaleString(`${document.documentElement.lang}-u-nu-latn`, { maximumFractionDigits: 1 });

for (const field of all("[data-photo]")) {
  const input = field.querySelector("input[type=file]");
  const image = field.querySelector("img");
  const line = field.querySelector(".drop-words");
  input.addEventListener("change", () => {
    const file = input.files[0];
    const most = Number(field.dataset.most);
    const problem = file && file.size > most ? fill(words.large, { size: megabytes(file.size), most: megabytes(most) }) : "";
    input.setCustomValidity(problem);
    field.classList.toggle("field--wrong", Boolean(problem));
    if (!file) return;
    line.lastChild.textContent = ` ${problem || file.name}`;
    image.src = URL.createObjectURL(file);
    image.hidden = false;
  });
}

// Jobs: how far one is, until it has ended; then its page says what came of it ---------------------

for (const line of all("[data-job]")) {
  const bar = line.querySelector("progress");
  const events = new EventSource(line.dataset.job);
  events.onmessage = (event) => {
    const job = JSON.parse(event.data);
    if (job.total) Object.assign(bar, { max: job.total, value: job.done });
    if (!["SUCCESS", "FAILURE", "REVOKED"].includes(job.state)) return;
    events.close();
    location.reload();
  };
}
