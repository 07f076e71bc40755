// An unmodified discord.js client that is driven by JSON lines on stdin and tells what it hears on stdout.
// Environment: PEER_TOKEN, PEER_API (http://127.0.0.1:port/api), PEER_DAVE (1 or 0), NODE_EXTRA_CA_CERTS.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Client, Events, GatewayIntentBits } from 'discord.js';
import {
  AudioPlayerStatus, EndBehaviorType, NoSubscriberBehavior, StreamType, VoiceConnectionStatus,
  createAudioPlayer, createAudioResource, entersState, joinVoiceChannel,
} from '@discordjs/voice';

const tell = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates],
  rest: { api: process.env.PEER_API },
});
const player = createAudioPlayer({ behaviors: { noSubscriber: NoSubscriberBehavior.Play } });
let connection;

client.on(Events.InteractionCreate, async (interaction) => {
  tell('interaction', { name: interaction.commandName ?? interaction.customId, user: interaction.user.id });
  await interaction.reply({ content: `heard ${interaction.commandName ?? interaction.customId}`, flags: 64 });
});
client.on(Events.ShardReconnecting, () => tell('reconnecting'));
client.on(Events.ShardResume, (_, replayed) => tell('resumed', { replayed }));
client.on(Events.ShardReady, () => tell('shardReady'));
client.on(Events.ShardDisconnect, (close) => tell('disconnected', { code: close.code }));
client.on(Events.VoiceStateUpdate, (before, after) =>
  tell('voiceState', { user: after.id, channel: after.channelId, was: before.channelId }));
client.on(Events.Error, (error) => tell('error', { message: String(error) }));

function hear(user) {
  const stream = connection.receiver.subscribe(user, { end: { behavior: EndBehaviorType.Manual } });
  stream.on('data', (packet) => tell('packet', { user, data: packet.toString('base64') }));
  stream.on('error', (error) => tell('streamError', { user, message: String(error) }));
}

const commands = {
  async join({ guild, channel }) {
    connection = joinVoiceChannel({
      guildId: guild,
      channelId: channel,
      adapterCreator: client.guilds.cache.get(guild).voiceAdapterCreator,
      selfDeaf: false,
      selfMute: false,
      daveEncryption: process.env.PEER_DAVE === '1',
      debug: process.env.PEER_DEBUG === '1',
    });
    connection.on('debug', (message) => tell('debug', { message }));
    connection.on('error', (error) => tell('error', { message: String(error) }));
    connection.on('stateChange', (before, after) => tell('voice', { from: before.status, to: after.status }));
    connection.on('transitioned', (id) => tell('transitioned', { id }));
    connection.subscribe(player);
    await entersState(connection, VoiceConnectionStatus.Ready, 30_000);
    tell('joined', { privacyCode: connection.voicePrivacyCode ?? null });
  },
  async listen({ user }) {
    hear(user);
    tell('listening', { user });
  },
  async say({ packets }) {
    const stream = Readable.from(packets.map((packet) => Buffer.from(packet, 'base64')), { objectMode: true });
    player.play(createAudioResource(stream, { inputType: StreamType.Opus }));
    await entersState(player, AudioPlayerStatus.Playing, 10_000);
    await entersState(player, AudioPlayerStatus.Idle, 600_000);
    tell('said', { packets: packets.length });
  },
  async code() {
    tell('code', { privacyCode: connection?.voicePrivacyCode ?? null });
  },
  async send({ channel, text }) {
    const target = await client.channels.fetch(channel);
    const message = await target.send(text);
    tell('sent', { id: message.id });
  },
  async register({ guild, name, description }) {
    await client.application.commands.set([{ name, description }], guild);
    tell('registered');
  },
  async leave() {
    connection?.destroy();
    tell('left');
  },
  async quit() {
    connection?.destroy();
    await client.destroy();
    process.exit(0);
  },
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { command, ...fields } = JSON.parse(line);
  try {
    await commands[command](fields);
  } catch (error) {
    tell('failed', { command, message: String(error) });
  }
}).on('close', () => process.exit(0));

client.once(Events.ClientReady, () => tell('ready', { user: client.user.id, guilds: client.guilds.cache.size }));
client.login(process.env.PEER_TOKEN).catch((error) => {
  tell('failed', { command: 'login', message: String(error) });
  process.exit(1);
});
