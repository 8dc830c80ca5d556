// fhir-kit-client, driven over standard input: a request a line, an answer a line.
import { createInterface } from "node:readline";
import Client from "fhir-kit-client";

const [, , baseUrl, token] = process.argv;
const client = new Client({ baseUrl, bearerToken: token, customHeaders: { "Content-Type": "application/fhir+json" } });

const does = {
  transaction: ({ body }) => client.transaction({ body }),
  batch: ({ body }) => client.batch({ body }),
  message: ({ body }) => client.operation({ name: "process-message", input: body }),
  create: ({ resourceType, body, condition }) =>
    client.create({ resourceType, body, options: condition ? { headers: { "If-None-Exist": condition } } : {} }),
  update: ({ resourceType, id, body, etag }) =>
    client.update({ resourceType, id, body, options: { headers: { "If-Match": etag } } }),
  read: ({ resourceType, id }) => client.read({ resourceType, id }),
  vread: ({ resourceType, id, version }) => client.vread({ resourceType, id, version }),
  history: ({ resourceType, id }) => client.resourceHistory({ resourceType, id }),
  search: ({ resourceType, searchParams }) => client.resourceSearch({ resourceType, searchParams }),
  next: ({ bundle }) => client.nextPage({ bundle }),
  metadata: () => client.capabilityStatement(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...told } = JSON.parse(line);
  let answer;
  try {
    answer = { value: await does[what](told) };
  } catch (error) {
    if (!error.response) throw error;
    answer = { status: error.response.status, value: error.response.data };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
