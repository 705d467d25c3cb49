// Sign up, publish a poll, vote, and read the result, by a client that was generated from the served document.

import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

declare const process: { argv: string[] };

const [url, email, password] = process.argv.slice(2);
if (!url || !email || !password) throw new Error("usage: main.ts URL EMAIL PASSWORD");

function given<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const client = createClient<paths>({ baseUrl: url });
const account = given(await client.POST("/v1/auth/accounts", { body: { email, password } }));
client.use({
  onRequest({ request }) {
    request.headers.set("authorization", `Bearer ${account.access_token}`);
  },
});

const poll = given(
  await client.POST("/v1/polls", {
    body: {
      title: "Chair",
      method: { type: "stv", seats: 1 },
      options: [{ label: "Ada" }, { label: "Bo" }],
      publish: true,
    },
  }),
);
if (poll.method.type !== "stv") throw new Error(`it is ${poll.method.type}`);
const seats: number = poll.method.seats; // the tag has told which method it is

const params = { path: { poll_id: poll.id } };
const counted = given(
  await client.PUT("/v1/votebooth/polls/{poll_id}/ballot", { params, body: { ranking: [2, 1] } }),
);
given(await client.POST("/v1/polls/{poll_id}/close", { params }));

for (let tries = 0; ; tries++) {
  const result = given(await client.GET("/v1/votebooth/polls/{poll_id}/results", { params }));
  if (result.status === "final") {
    console.log(JSON.stringify({ seats, receipt: counted.receipt, result }));
    break;
  }
  if (tries > 100) throw new Error("it isn't final");
  await new Promise((resolve) => setTimeout(resolve, 100));
}
