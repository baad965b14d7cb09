// As much of a Socket.IO client as these pages use, after its protocol, version 5 over Engine.IO's 4 by WebSocket.
// `io()` of the package socket.io-client may take its place as it is: `on`, `emit`, `disconnect` and `connected` are the same.

const MESSAGE = "4"; // of Engine.IO; the next character says what it is to Socket.IO
const [CONNECT, DISCONNECT, EVENT, ANSWER, REFUSED] = "01234";

class Socket {
  connected = false;
  #heard = new Map();
  #answers = new Map();
  #number = 0;
  #wait = 500;
  #silence = 0;
  #over = false;

  constructor(path) {
    this.#open(new URL(`${path}?EIO=4&transport=websocket`, location.href));
  }

  on(name, handler) {
    this.#heard.set(name, handler);
  }

  // A function behind the values is called with what the server answers.
  emit(name, ...values) {
    if (!this.connected) return;
    const answered = typeof values.at(-1) === "function" ? values.pop() : null;
    const number = answered ? this.#number++ : "";
    if (answered) this.#answers.set(number, answered);
    this.#send(EVENT + number + JSON.stringify([name, ...values]));
  }

  // Be done with it: it does not come back by itself.
  disconnect() {
    this.#over = true;
    this.wire.close();
  }

  #open(url) {
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.wire = new WebSocket(url);
    this.wire.onmessage = ({ data }) => this.#read(data);
    this.wire.onclose = () => {
      clearTimeout(this.#silence);
      const lost = this.connected;
      this.connected = false;
      this.#answers.clear();
      this.#tell(lost ? "disconnect" : "connect_error");
      if (this.#over) return;
      setTimeout(() => this.#open(url), this.#wait + Math.random() * 500);
      this.#wait = Math.min(this.#wait * 2, 30_000);
    };
  }

  #send(packet) {
    this.wire.send(MESSAGE + packet);
  }

  #tell(name, ...values) {
    this.#heard.get(name)?.(...values);
  }

  #read(text) {
    const rest = text.slice(1);
    if (text[0] === "0") {
      const { pingInterval, pingTimeout } = JSON.parse(rest);
      this.patience = pingInterval + pingTimeout;
      this.#send(CONNECT);
    } else if (text[0] === "2") {
      this.wire.send("3"); // a ping is answered by a pong
    } else if (text[0] === MESSAGE) {
      this.#take(rest);
    }
    // The server pings; when it is silent for longer than it said, the connection is gone.
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.wire.close(), this.patience);
  }

  #take(packet) {
    const [, number, json] = /^.(\d*)(.*)$/s.exec(packet);
    if (packet[0] === CONNECT) {
      this.connected = true;
      this.#wait = 500;
      this.#tell("connect");
    } else if (packet[0] === EVENT) {
      this.#tell(...JSON.parse(json));
    } else if (packet[0] === ANSWER) {
      const answered = this.#answers.get(Number(number));
      this.#answers.delete(Number(number));
      answered?.(...JSON.parse(json));
    } else if (packet[0] === DISCONNECT || packet[0] === REFUSED) {
      this.wire.close();
    }
  }
}

globalThis.io = (path = "/socket.io/") => new Socket(path);
