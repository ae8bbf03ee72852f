/** Lower-case hex, as hashes are shown and compared. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
