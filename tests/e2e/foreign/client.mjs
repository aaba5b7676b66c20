// A client of other make than the bot: matrix-js-sdk with the Rust crypto that Element Web uses, in memory.
// It takes one command a line on standard input, {"do": "messages", ...}, and answers each with one line of JSON,
// {"done": ...} or {"failed": "..."}. tests/e2e/test_foreign.py drives it; what it hears it judges there, not here.

import { Console } from "node:console";
import { createInterface } from "node:readline";

globalThis.console = new Console(process.stderr); // standard output is for answers only
Promise.withResolvers ??= () => {
    // Node 20 lacks it, the SDK needs it
    const resolvers = {};
    resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
    return resolvers;
};
const sdk = await import("matrix-js-sdk");
const { EventShieldColour, OnlySignedDevicesIsolationMode, VerificationPhase } = await import(
    "matrix-js-sdk/lib/crypto-api/index.js"
);

let client, crypto, request;

const commands = {
    /** Log in with a new device and an identity of one's own, and exclude devices that their owners have not signed. */
    async login({ homeserver, user, password }) {
        const account = await sdk.createClient({ baseUrl: homeserver }).loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
        });
        client = sdk.createClient({
            baseUrl: homeserver,
            userId: account.user_id,
            deviceId: account.device_id,
            accessToken: account.access_token,
            verificationMethods: ["m.sas.v1"],
        });
        await client.initRustCrypto({ useIndexedDB: false });
        crypto = client.getCrypto();
        crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
        const listening = new Promise((resolve) =>
            client.on(sdk.ClientEvent.Sync, (state) => state === sdk.SyncState.Prepared && resolve()),
        );
        await client.startClient();
        await listening;
        await crypto.bootstrapCrossSigning({
            authUploadDeviceSigningKeys: (upload) =>
                upload({ type: "m.login.password", identifier: { type: "m.id.user", user }, password }),
        });
        return { ready: await crypto.isCrossSigningReady() };
    },

    /** Make an encrypted direct chat with `user`; its id. */
    async chat({ user }) {
        const { room_id: room } = await client.createRoom({
            invite: [user],
            is_direct: true,
            preset: "trusted_private_chat",
            initial_state: [
                { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
            ],
        });
        return room;
    },

    /** How `user` stands to the room: join, invite, leave; null if not at all, or not known yet. */
    async membership({ room, user }) {
        return client.getRoom(room)?.getMember(user)?.membership ?? null;
    },

    /** The devices of `user`, asked for anew. */
    async devices({ user }) {
        const devices = (await crypto.getUserDeviceInfo([user], true)).get(user) ?? new Map();
        return Promise.all(
            [...devices.values()].map(async (device) => ({
                id: device.deviceId,
                fingerprint: device.getFingerprint(),
                signed_by_owner: (await crypto.getDeviceVerificationStatus(user, device.deviceId)).signedByOwner,
            })),
        );
    },

    /** Whether `user` has another identity than before, which people are told until they accept it. */
    async identity_changed({ user }) {
        return (await crypto.getUserVerificationStatus(user)).needsUserApproval;
    },

    /** Write a text; its event id. */
    async say({ room, text }) {
        return (await client.sendMessage(room, { msgtype: "m.text", body: text })).event_id;
    },

    /** Edit the own message `event`. */
    async edit({ room, event, text }) {
        const content = { msgtype: "m.text", body: text };
        await client.sendMessage(room, {
            ...content,
            body: `* ${text}`,
            "m.new_content": content,
            "m.relates_to": { rel_type: "m.replace", event_id: event },
        });
        return null;
    },

    /** What `sender` wrote into the room, in order. `content` is what was sent, `shown` what a person sees now. */
    async messages({ room, sender }) {
        const events = client.getRoom(room)?.getLiveTimeline().getEvents() ?? [];
        await Promise.all(events.map((event) => client.decryptEventIfNeeded(event)));
        const messages = events.filter(
            (event) => event.getSender() === sender && event.getType() === sdk.EventType.RoomMessage,
        );
        return Promise.all(
            messages.map(async (event) => {
                const encryption = await crypto.getEncryptionInfoForEvent(event);
                return {
                    id: event.getId(),
                    content: event.getOriginalContent(),
                    shown: event.getContent(),
                    shield: encryption && EventShieldColour[encryption.shieldColour],
                    unreadable: event.decryptionFailureReason,
                };
            }),
        );
    },

    /** Ask `user` in the room to verify each other with emoji. */
    async verify({ room, user }) {
        request = await crypto.requestVerificationDM(user, room);
        return null;
    },

    /** How that stands. */
    async verification() {
        return {
            phase: VerificationPhase[request.phase],
            code: request.cancellationCode,
            cancelled_by: request.cancellingUserId ?? null,
        };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
        answer = { done: await commands[command.do](command) };
    } catch (error) {
        console.error(error);
        answer = { failed: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(); // the SDK's timers would go on
