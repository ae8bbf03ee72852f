import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ports } from '../../app/compose/ports.ts'

/** The same ports, with no grant looked at while there is this file. */
export const withHeldGrants = (ports: Ports, file: string): Ports => ({
  ...ports,
  queue: {
    ...ports.queue,
    work: (queue, look) =>
      ports.queue.work(queue, async (key, signal) => {
        while (queue === 'grant' && !signal.aborted && existsSync(file)) await pause(50)
        await look(key, signal)
      }),
  },
})
