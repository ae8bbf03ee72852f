import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { createKeyring } from '../../app/audit/keyring.ts'
import { sealBatch } from '../../app/store/ledger/seal.ts'
import { stageAll } from '../../app/store/ledger/stage.ts'
import type { BenchDatabase } from './database.ts'

export const origin = 'bench'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
export const keys = createKeyring({
  signing: { id: 'bench', privateKey },
  publicKeys: new Map([['bench', publicKey]]),
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

/** Stages and seals until the ledger has so many events. */
export async function fill({ database }: BenchDatabase, events: number): Promise<void> {
  const known = await sealedSoFar(database)
  for (let n = known; n < events; ) {
    const batch: LedgerEvent[] = []
    for (const end = Math.min(events, n + 1_000); n < end; n += 1) batch.push(eventOf(n))
    await database.transaction((tx) => stageAll(tx, keys, batch))
    while ((await sealBatch({ database, keys, log, origin })).more);
  }
}

async function sealedSoFar(database: BenchDatabase['database']): Promise<number> {
  const { sql } = await import('slonik')
  const { z } = await import('zod')
  const row = sql.type(z.object({ count: z.number() }))`select count(*) as count from audit_events`
  return (await database.run.one(row)).count
}
