import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { sql } from 'slonik'
import { z } from 'zod'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { createKeyring } from '../../app/audit/keyring.ts'
import { noteKey } from '../../app/audit/note.ts'
import { signingKeyId } from '../../app/audit/signature.ts'
import { endedEvent, gitsudo, issuedEvent } from '../../app/grant/events.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import { writeInstant } from '../../app/request/instant.ts'
import { connectionOf } from '../../app/store/database.ts'
import { sealBatch } from '../../app/store/ledger/seal.ts'
import { stageAll } from '../../app/store/ledger/stage.ts'
import { intentOf } from '../core.ts'
import type { BenchDatabase } from './database.ts'

export const origin = 'bench'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const id = signingKeyId(publicKey)
/** What an auditor is given. */
export const ledgerKey = noteKey(origin, publicKey).text
export const keys = createKeyring({
  signing: { id, privateKey },
  publicKeys: new Map([[id, publicKey]]),
  macKey: 'bench',
  macSecrets: new Map([['bench', randomBytes(32)]]),
})
const silent = () => undefined
export const log = { info: silent, warn: silent, error: silent, alert: silent }

/** One that is like no other. */
export const eventOf = (n: number): LedgerEvent => ({
  v: 1,
  type: 'request.created',
  at: new Date(Date.UTC(2026, 11, 1) + n * 50).toISOString(),
  actor: { kind: 'user', id: '1001', login: 'alice' },
  request: `req_${String(n).padStart(26, '0')}`,
  repo: 123456,
  pull: n,
  commit: 'c'.repeat(40),
  data: {
    path: `requests/2026/12/alice-prod-${n}.yaml`,
    blob: 'b'.repeat(40),
    requester: 'alice',
    provider: 'aws',
    role: 'prod-infra-admin',
    scope: '123456789012',
    duration_seconds: 7200,
    reason: 'INC-4421 ECS tasks crash-looping',
  },
})

const decided = (n: number, at: number, moment: 'forecast' | 'merge', facts: string) => ({
  path: `requests/2026/12/bench-${n}.yaml`,
  blob: 'b'.repeat(40),
  moment,
  decided_at: writeInstant(at),
  verdict: moment === 'merge' ? 'passed' : 'action_required',
  summary: 'approved by carol',
  policy_commit: 'd'.repeat(40),
  approved_by: [{ id: 1003, login: 'carol' }],
  terms: { tier: 'human', asks: ['1 of group platform-leads'], met: true },
  facts,
  result: 'f'.repeat(64),
  evaluations: ['default', 'business-hours'].map((policy) => ({
    policy,
    type: 'eligibility',
    input: '1'.repeat(64),
    wasm: '2'.repeat(64),
    data: '3'.repeat(64),
    outcome: {
      kind: 'value',
      allow: true,
      reason: 'on call',
      deny: [],
      allowBreakGlass: false,
      allowOnBehalfOf: false,
    },
  })),
  evidence: [facts],
})

/** As much as the facts of a small pull request take. */
const factsOf = (n: number, moment: string): Buffer =>
  Buffer.from(JSON.stringify({ n, moment, facts: 'x'.repeat(2_000) }))

/** What one grant leaves in the ledger, from its request to its end: seven events, five of them signed, and evidence. */
const lifeOf = (n: number) => {
  const created = eventOf(n)
  const at = Date.parse(created.at)
  const intent = intentOf(n, at + 3_600_000, {
    provider: 'aws',
    principal: `dev-${n}`,
    cloudRole: 'PowerUser',
    scope: '123456789012',
  })
  const grant = { id: intent.grant, repository: intent.repository, pull: intent.pull }
  const evidence = new Map<string, Buffer>()
  const decision = (type: 'request.evaluated' | 'request.approved', moment: 'forecast' | 'merge') => {
    const facts = factsOf(n, moment)
    const digest = hash('sha256', facts)
    evidence.set(digest, facts)
    return { ...created, type, actor: gitsudo, data: decided(n, at, moment, digest) }
  }
  const end = { cause: 'expired', goneAt: intent.endsAt, kept: [] } as const
  const events: readonly LedgerEvent[] = [
    created,
    keys.sign(decision('request.evaluated', 'forecast')),
    keys.sign(decision('request.evaluated', 'merge')),
    decision('request.approved', 'merge'),
    keys.sign(intendedEvent(intent, gitsudo, at)),
    keys.sign(issuedEvent(grant, at, intent.grant, intent.endsAt)),
    keys.sign(endedEvent(grant, intent.endsAt, end)),
  ]
  return { events, evidence }
}

/** Stages and seals until the ledger has so many events. */
export async function fill({ database }: BenchDatabase, events: number): Promise<void> {
  const known = await sealedSoFar(database)
  for (let n = known; n < events; ) {
    const batch: LedgerEvent[] = []
    const evidence: [string, Buffer][] = []
    for (const end = Math.min(events, n + 1_000); n < end; ) {
      const life = lifeOf(n)
      const some = life.events.slice(0, end - n)
      batch.push(...some)
      evidence.push(...life.evidence)
      n += some.length
    }
    await database.transaction(async (tx) => {
      await connectionOf(tx).query(sql.unsafe`
        insert into evidence (digest, bytes) select * from ${sql.unnest(evidence, ['text', 'bytea'])}`)
      await stageAll(tx, keys, batch)
    })
    while ((await sealBatch({ database, keys, log, origin })).more);
  }
}

async function sealedSoFar(database: BenchDatabase['database']): Promise<number> {
  const row = sql.type(z.object({ count: z.number() }))`select count(*) as count from audit_events`
  return (await database.run.one(row)).count
}
