// The receive side of @discordjs/voice with native Opus, fed over a real UDP socket: VoiceUDPSocket -> VoiceReceiver -> prism Opus decoder ->
// one WAV file per speaker, as recorders in that world are built. Only the gateway's state is put in by hand, in onWsPacket's own form.
// Usage: node receiver.cjs PORT SPEAKERS SECRET_HEX FOLDER [wav|opus] (opus: packets are written as they came, with a length before each); then lines on stdin: "mark", "stop". Writes one line of JSON at the end.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { VoiceReceiver, VoiceUDPSocket } = require('@discordjs/voice');
const prism = require('prism-media');

const [port, speakers, secret, folder, kind] = process.argv.slice(2);
const counters = { packets: 0, bytes: 0 };
const udp = new VoiceUDPSocket({ ip: '127.0.0.1', port: Number(port) });
const receiver = new VoiceReceiver({ state: { status: 'ready', networking: { state: { code: 4, dave: undefined } } } });
receiver.connectionData = {
  encryptionMode: 'aead_aes256_gcm_rtpsize',
  secretKey: Buffer.from(secret, 'hex'),
  nonceBuffer: Buffer.alloc(12),
};

function wavHeader() {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(0xffffffff, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(48000, 24);
  header.writeUInt32LE(192000, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(0xffffffff, 40);
  return header;
}

for (let i = 0; i < Number(speakers); i++) {
  const userId = String(1000 + i);
  receiver.onWsPacket({ op: 5, d: { user_id: userId, ssrc: 100 + i, speaking: 1 } });
  const file = fs.createWriteStream(path.join(folder, `${userId}.${kind === 'opus' ? 'opus' : 'wav'}`));
  if (kind === 'opus') {
    receiver.subscribe(userId).on('data', (packet) => {
      const head = Buffer.alloc(2);
      head.writeUInt16LE(packet.length);
      counters.packets++;
      counters.bytes += packet.length;
      file.write(head);
      file.write(packet);
    });
    continue;
  }
  file.write(wavHeader());
  const decoder = new prism.opus.Decoder({ rate: 48000, channels: 2, frameSize: 960 });
  decoder.on('data', (pcm) => {
    counters.packets++;
    counters.bytes += pcm.length;
  });
  receiver.subscribe(userId).pipe(decoder).pipe(file);
}
udp.on('message', receiver.onUdpMessage);

let mark = { cpu: process.cpuUsage(), packets: 0 };
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'mark') mark = { cpu: process.cpuUsage(), packets: counters.packets };
  if (line !== 'stop') return;
  const cpu = process.cpuUsage(mark.cpu);
  process.stdout.write(`${JSON.stringify({ packets: counters.packets - mark.packets, cpuMicroseconds: cpu.user + cpu.system, residentBytes: process.memoryUsage().rss })}\n`, () => process.exit(0));
});
