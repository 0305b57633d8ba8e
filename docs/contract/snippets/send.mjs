// Sends one command and waits for its answer, with nothing but Node.

const { ENCAISSE_URL, ENCAISSE_KEY, ENCAISSE_ORGANISATION } = process.env;

async function ask(path, body) {
  const response = await fetch(ENCAISSE_URL + path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${ENCAISSE_KEY}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json();
}

let answer = await ask("/v1/commands", {
  specversion: "1.0",
  source: "shop",
  id: "order-node-1",
  type: "encaisse.client.register.v1",
  data: {
    organisation: ENCAISSE_ORGANISATION,
    client: "node-1",
    name: "Zoé Bélanger",
    email: "zoe@example.org",
    language: "fr",
  },
});
for (let tries = 0; answer.status === "accepted" && tries < 60; tries += 1) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  answer = await ask(answer.href);
}
console.log(JSON.stringify(answer));
process.exitCode = answer.status === "done" ? 0 : 1;
