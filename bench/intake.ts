/**
 * How fast deliveries are acknowledged at 200 a second, while the service works them: deliveries that the local GitHub
 * sent before, each under a new GUID, so that each is verified, stored, and wakes the look at its pull request.
 * `npm run bench:intake [-- --seconds 20]`
 */
import { createHmac, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { onBed } from './bed.ts'
import { baseOf, createClient } from './client.ts'
import { aim, figure, holds, percentile, spread } from './figures.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } })
const seconds = Number(values.seconds)
const rate = 200
const pulls = 20

await onBed(pulls, async (bed) => {
  const { world } = bed
  await bed.replica()
  const client = createClient()
  const base = await baseOf(world, world.repository.fullName)
  for (const [n, requester] of bed.requesters.entries()) {
    const name = `intake-${n}`
    await client.lifecycle({
      ...base,
      requester,
      approver: bed.approvers[0],
      name,
      duration: '1h',
      checked: true,
    })
  }
  const sent = (await bed.query(
    `select event, body from deliveries where event in ('pull_request', 'pull_request_review')`,
  )) as readonly { readonly event: string; readonly body: Buffer }[]
  const { github } = JSON.parse(await readFile(world.service.config, 'utf8')) as {
    github: { webhook_secret_file: string }
  }
  const secret = await readFile(github.webhook_secret_file, 'utf8')

  const took: number[] = []
  const deliver = async (n: number) => {
    const delivery = sent[n % sent.length]
    if (delivery === undefined) throw new Error('the local GitHub delivered nothing')
    const { event, body } = delivery
    const signature = createHmac('sha256', secret.trim()).update(body).digest('hex')
    await pause((n * 1000) / rate)
    const began = performance.now()
    const response = await fetch(`${world.service.url}/webhooks/github`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': event,
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${signature}`,
      },
      body: new Uint8Array(body),
    })
    const { result } = (await response.json()) as { result: string }
    if (response.status !== 202 || result !== 'new') throw new Error(`answered ${response.status} ${result}`)
    took.push(performance.now() - began)
  }
  const before = Number((await bed.query('select count(*)::int as n from deliveries'))[0]?.n)
  const looked = world.github.admin.counters().reads
  const began = performance.now()
  await Promise.all(Array.from({ length: seconds * rate }, (_, n) => deliver(n)))
  const ran = (performance.now() - began) / 1000
  const after = Number((await bed.query('select count(*)::int as n from deliveries'))[0]?.n)
  figure('deliveries', `${took.length} in ${ran.toFixed(1)} s, ${(took.length / ran).toFixed(0)} a second`)
  figure('reads of GitHub meanwhile', String(world.github.admin.counters().reads - looked))
  holds('stored', String(after - before), after - before >= took.length)
  const p99 = percentile(took, 0.99)
  aim('acknowledged', spread(took), 'p99 ≤ 100 ms', p99 <= 100)
})
