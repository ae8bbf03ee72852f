import type { Checkpoint } from './checkpoint.ts'

/**
 * What a pull request shows of an event, for whoever wants to verify it:
 * `event 12, leaf <hex>, under the checkpoint of 15 events with root <base64>`.
 */
export const receiptText = (
  { seq, leaf }: { readonly seq: number; readonly leaf: Uint8Array },
  checkpoint: Pick<Checkpoint, 'size' | 'root'> | undefined,
): string => {
  const event = `event ${seq}, leaf ${Buffer.from(leaf).toString('hex')}`
  if (checkpoint === undefined) return event
  const root = Buffer.from(checkpoint.root).toString('base64')
  return `${event}, under the checkpoint of ${checkpoint.size} events with root ${root}`
}

/** What a pull request's comment says of one event. */
export type Receipt = {
  readonly pull: number
  readonly seq: number
  /** Hex. */
  readonly leaf: string
  readonly checkpoint?: Pick<Checkpoint, 'size' | 'root'>
}

/** The line of a comment that holds a receipt. */
export const receiptLine = (receipt: string): string => `  - receipt: ${receipt}`

/** Those on lines of their own: the other words of a comment may be a requester's. */
export const receiptsIn = (pull: number, comment: string): readonly Receipt[] =>
  [...comment.matchAll(written)].map(([, seq, leaf = '', size, root]) => ({
    pull,
    seq: Number(seq),
    leaf,
    ...(root === undefined ? {} : { checkpoint: { size: Number(size), root: Buffer.from(root, 'base64') } }),
  }))

const written =
  /^ {2}- receipt: event (\d{1,15}), leaf ([0-9a-f]{64})(?:, under the checkpoint of (\d{1,15}) events with root ([A-Za-z0-9+/]{43}=))?\r?$/gm
