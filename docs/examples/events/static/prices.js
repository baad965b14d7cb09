// A browser comes back by itself, and says which event it has seen last.
const source = new EventSource("/events");
source.onmessage = ({data}) => {
  const {wine, price} = JSON.parse(data);
  const line = document.createElement("li");
  line.textContent = `${wine}: ${price}`;
  document.querySelector("#prices").append(line);
};
source.addEventListener("reset", () => document.querySelector("#prices").replaceChildren());

// An EventSource sends no POST; fetch does, and its body is read as it comes.
document.querySelector("button").onclick = async () => {
  const body = JSON.stringify({question: "what goes with fish?"});
  const answer = await fetch("/answer", {method: "POST", body, headers: {"Content-Type": "application/json"}});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "", part; !(part = await reader.read()).done;) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop();
    for (const event of events)
      if (event.startsWith("data: "))
        document.querySelector("#answer").textContent += JSON.parse(event.slice(6)).token + " ";
  }
};
