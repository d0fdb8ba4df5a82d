// Server-sent events over fetch, which sends the token along as EventSource cannot.

import { request, Trouble } from "/page/api.js";

const TRIES = 5; // in a row, after the connection was lost
const PAUSE = 1000; // milliseconds between them

// Call `hear(record)` for each event until it answers true; lost connections are taken up again.
export async function follow(path, hear) {
  let last = -1;
  for (let left = TRIES; left > 0; left--) {
    const headers = last >= 0 ? { "Last-Event-ID": String(last) } : {};
    try {
      const response = await request(path, { headers });
      if (!response.ok) throw new Trouble((await response.json()).detail);
      for await (const { id, data } of events(response.body)) {
        last = id;
        left = TRIES;
        if (hear(JSON.parse(data))) return;
      }
    } catch (error) {
      if (error instanceof Trouble && !error.gone) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  throw new Trouble("The connection to the lab was lost. Is it still running?");
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const found = /^id: (\d+)\ndata: (.*)$/s.exec(block);
      if (found) yield { id: Number(found[1]), data: found[2] }; // others only say "still here"
    }
  }
}
