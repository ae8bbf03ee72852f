/**
 * Memory of a replica with nothing to do, and the time from its start to ready on an existing database, by the median
 * of five starts, to 0.1 s. Reads /proc. `npm run bench:idle [-- --seconds 60]`
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { onBed } from './bed.ts'
import { aim, figure, percentile } from './figures.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })

await onBed(1, async (bed) => {
  // The first start clones and makes what later ones find.
  await (await bed.world.start()).stop()
  const took: number[] = []
  for (let n = 0; n < 5; n++) {
    const began = performance.now()
    const service = await bed.world.start()
    took.push((performance.now() - began) / 1000)
    await service.stop()
  }
  const ready = percentile(took, 0.5)
  figure('starts', took.map((one) => `${one.toFixed(2)} s`).join(', '))
  aim('to ready', `${ready.toFixed(2)} s`, '≤ 1.5 s', ready <= 1.5)
  const service = await bed.replica()
  await pause(Number(values.seconds) * 1000)
  const status = await readFile(`/proc/${service.child.pid}/status`, 'utf8')
  const megabytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
  aim('resident when idle', `${megabytes.toFixed(0)} MiB`, '≤ 150 MB', megabytes * 1.048576 <= 150)
})
