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
