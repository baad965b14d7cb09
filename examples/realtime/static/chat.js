const socket = io();
const list = document.getElementById("said");

function show(text) {
  const line = document.createElement("li");
  line.textContent = text;
  list.append(line);
}

const enter = document.getElementById("enter");
enter.addEventListener("submit", (event) => {
  event.preventDefault();
  socket.emit("enter", enter.elements.room.value, enter.elements.name.value, (answer) => {
    show(answer.error ?? `You are in the ${answer.room}`);
  });
});

const say = document.getElementById("say");
say.addEventListener("submit", (event) => {
  event.preventDefault();
  socket.emit("say", enter.elements.name.value, say.elements.text.value);
  say.reset();
});

socket.on("entered", (name) => show(`${name} is here`));
socket.on("said", (name, text) => show(`${name}: ${text}`));
socket.on("connect", () => {
  if (socket.recovered) show("The connection was lost and is back");
});
