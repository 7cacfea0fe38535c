// The least that a Node.js function of this service would do: load the SDK's two clients and jose, read its key and open its
// connection while it starts, and answer each event after one read. The Runtime API's loop is the shortest there is, where Lambda's
// own runtime does more.
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetPublicKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { createPublicKey } from "node:crypto";
import { exportJWK } from "jose";
import http from "node:http";

const dynamodb = new DynamoDBClient({});
const kms = new KMSClient({});
const read = () => dynamodb.send(new GetItemCommand({ TableName: process.env.SMART_TABLE, Key: { pk: { S: "client#-" } } }));

const [key] = await Promise.all([kms.send(new GetPublicKeyCommand({ KeyId: process.env.SMART_SIGNING_KEYS })), read()]);
const jwk = await exportJWK(createPublicKey({ key: Buffer.from(key.PublicKey), format: "der", type: "spki" }));

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}` }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const next = await ask("GET", "next");
  JSON.parse(next.body);
  await read();
  const answer = { statusCode: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ keys: [jwk] }) };
  await ask("POST", `${next.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
}
