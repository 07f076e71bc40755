// Shapes of what the recording API answers. Types only: the page does not load this file.

/**
 * @typedef {object} Track One person's audio.
 * @property {string} userId
 * @property {string} username
 * @property {number} trackNumber Counts from 1.
 * @property {number} durationSamples
 * @property {number} spokenSamples
 * @property {Record<string, number>} [health] Counters: lost, concealed, late and more.
 */

/**
 * @typedef {object} Gap Time where audio existed but did not reach the recorder.
 * @property {string} [userId] Absent where it concerns every track.
 * @property {number} startSample
 * @property {number} sampleCount
 * @property {string} reason
 */

/**
 * @typedef {object} Note
 * @property {number} sample
 * @property {string} text
 * @property {string} [username]
 */

/**
 * @typedef {object} Recording Answer of GET /api/recordings/{id}.
 * @property {string} id
 * @property {'live' | 'processing' | 'completed' | 'failed'} status
 * @property {string} [title]
 * @property {string} [guildName]
 * @property {string} [channelName]
 * @property {string} startedAt
 * @property {string} [endedAt]
 * @property {string} [endReason]
 * @property {string} [privacyCode]
 * @property {number} durationSamples
 * @property {number} safeSamples
 * @property {Track[]} tracks
 * @property {Gap[]} gaps
 * @property {Note[]} notes
 * @property {number} segmentCount
 * @property {number} [missingSegmentCount]
 * @property {string} [deletesAt] When it is deleted; absent: never.
 * @property {{mode: string, entries: {userId: string, choice: string}[]}} [consent] What people said about being recorded.
 * @property {string[]} [scopes] What this caller may do: listen, download, delete.
 */

/**
 * @typedef {object} Segment One file of a track.
 * @property {string} userId
 * @property {number} segmentIndex
 * @property {number} startSample
 * @property {number} sampleCount
 * @property {number} [channels]
 * @property {number} [bytes]
 * @property {string} format wav or opus
 * @property {string} url Reads the file until urlExpiresAt.
 * @property {string} urlExpiresAt
 */

/**
 * @typedef {object} SegmentPage
 * @property {Segment[]} segments By start.
 * @property {string} [next] Cursor of the next page.
 */

/**
 * @typedef {object} Turn What one person said without a pause.
 * @property {string} user Id.
 * @property {number} start Seconds since the start of the recording.
 * @property {number} end
 * @property {string} text
 */

/**
 * @typedef {object} Transcript The file transcript.json.
 * @property {string} [language] Such as en.
 * @property {string} status
 * @property {Turn[]} turns By start.
 */

/**
 * @typedef {object} FileEntry
 * @property {string} name
 * @property {'track' | 'mix' | 'bundle' | 'transcript' | 'info'} kind
 * @property {string} [userId]
 * @property {string} format
 * @property {number} [bytes]
 * @property {'ready' | 'rendering' | 'onRequest'} state
 * @property {number} [progress] 0 to 1.
 * @property {string} url
 */

export {};
