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
  /** Given: after the scenes everything stays up until this resolves. */
  readonly keep?: Promise<void>
}

/** Plays the five scenes; throws where a promise of theirs does not hold. */
export const playDemo = async (options: DemoOptions): Promise<void> => {
  const { write } = options
  const timeline = createTimeline(write, () => Date.now())
  timeline.did('sandbox', 'starts a local GitHub, PostgreSQL and gitsudo')
  const world = await createWorld({ ...options, clock: { now: () => Date.now() } })
  let service: Service | undefined
  try {
    service = await world.start()
    timeline.did('sandbox', `ready at ${service.url}`)
    const stage = { world, service, timeline, entry: options.entry, dir: options.dir }
    await malformed(stage)
    await ineligible(stage)
    await granted(stage)
    await forced(stage)
    await audited(stage)
    if (options.keep !== undefined) {
      service = await world.start()
      write('')
      for (const line of sandboxLines(world, service.url)) write(line)
      await options.keep
    }
  } finally {
    await service?.stop()
    await world.close()
  }
}
