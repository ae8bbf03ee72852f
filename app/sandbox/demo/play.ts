import { sandboxLines } from '../lines.ts'
import type { Entry, Service } from '../service.ts'
import { createWorld } from '../world.ts'
import { audited } from './scenes/audited.ts'
import { forced } from './scenes/forced.ts'
import { granted } from './scenes/granted.ts'
import { ineligible } from './scenes/ineligible.ts'
import { malformed } from './scenes/malformed.ts'
import { createTimeline } from './timeline.ts'

export type DemoOptions = {
  readonly dir: string
  readonly template: string
  readonly entry: Entry
  readonly adminUrl: string
  readonly write: (line: string) => void
  /** Whether `write` leads to somebody who sees colours. */
  readonly colour: boolean
  /** After the scenes everything stays up until `interrupted`. */
  readonly keep: boolean
  /** Resolves when somebody wants it to end: in the middle of a scene, too. */
  readonly interrupted: Promise<void>
}

/**
 * Plays the five scenes; throws where a promise of theirs does not hold.
 * @returns whether they came to their end; everything is stopped in any case
 */
export const playDemo = async (options: DemoOptions): Promise<boolean> => {
  const { write } = options
  const timeline = createTimeline(write, () => Date.now(), options.colour)
  timeline.did('sandbox', 'starts a local GitHub, PostgreSQL and gitsudo')
  const world = await createWorld({ ...options, clock: { now: () => Date.now() } })
  let service: Service | undefined
  try {
    service = await world.start()
    timeline.did('sandbox', `ready at ${service.url}`)
    const stage = { world, service, timeline, entry: options.entry, dir: options.dir }
    const scenes = async () => {
      for (const scene of [malformed, ineligible, granted, forced, audited]) await scene(stage)
      return true
    }
    const played = await Promise.race([scenes(), options.interrupted.then(() => false)])
    // Of the process's life: what it does before there is a PostgreSQL counts, too.
    if (played) write(`\nThe demo took ${Math.ceil(performance.now() / 1000)} s.`)
    if (!played || !options.keep) return played
    service = await world.start()
    write('')
    for (const line of sandboxLines(world, service.url)) write(line)
    await options.interrupted
    return true
  } finally {
    await service?.stop()
    await world.close()
  }
}
