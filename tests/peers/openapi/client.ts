// A client as others would write one: its types come from the document alone.
import createClient from 'openapi-fetch';
import type { paths } from './api.js';

const [, , baseUrl, key, guildId] = (globalThis as unknown as { process: { argv: string[] } }).process.argv;
const client = createClient<paths>({ baseUrl, headers: { 'x-functions-key': key } });

const { data: page, error } = await client.GET('/api/recordings', { params: { query: { guildId, limit: 1 } } });
if (error) throw new Error(error.title);
const [listed] = page.recordings;
const path = { recordingId: listed.id };

const { data: recording } = await client.GET('/api/recordings/{recordingId}', { params: { path } });
if (!recording) throw new Error('not found');
const { data: segments } = await client.GET('/api/recordings/{recordingId}/segments', { params: { path, query: { limit: 10 } } });
const total: number = segments?.segments.reduce((sum, segment) => sum + segment.bytes, 0) ?? 0;
if (total !== recording.totalSize) throw new Error(`${total} bytes, not ${recording.totalSize}`);

const renamed = await client.PATCH('/api/recordings/{recordingId}', { params: { path }, body: { title: 'Renamed' } });
if (renamed.response.status !== 204) throw new Error(`rename: ${renamed.response.status}`);
const again = await client.GET('/api/recordings/{recordingId}', { params: { path, query: { segments: 'none' } } });
if (again.data?.title !== 'Renamed') throw new Error(`title: ${again.data?.title}`);

const deleted = await client.DELETE('/api/recordings/{recordingId}', { params: { path } });
if (deleted.response.status !== 202 && deleted.response.status !== 204) throw new Error(`delete: ${deleted.response.status}`);
const { data: state } = await client.GET('/api/recordings/{recordingId}/deletion', { params: { path } });
if (!state || !['deleting', 'deleted'].includes(state.status)) throw new Error(`deletion: ${state?.status}`);
console.log(`deleted ${recording.id}: ${recording.tracks[0].username} ${recording.segmentCount} segments`);

const refused = await client.GET('/api/recordings/{recordingId}', { params: { path }, headers: { 'x-functions-key': 'wrong' } });
if (refused.response.status !== 401) throw new Error(`a wrong key: ${refused.response.status}`);
