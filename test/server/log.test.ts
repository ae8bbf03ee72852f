import { describe, expect, it } from 'vitest'
import { createLog } from '../../app/server/log.ts'
import { createMetrics } from '../../app/server/metrics.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void, level: 'info' | 'error' = 'info') {
  const text: string[] = []
  write(
    createLog({
      level,
      secrets: ['hook-secret-value\n', 'abc'],
      destination: { write: (line) => void text.push(line) },
    }),
  )
  return text.map((line) => JSON.parse(line))
}

describe('log lines', () => {
  it('are JSON with level, time and message', () => {
    expect(logged((log) => log.info('served', { port: 8080 }))).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), msg: 'served', port: 8080 },
    ])
  })

  it('alerts say so at any level', () => {
    expect(logged((log) => log.alert('grant.refused', { request: 'req_X' }), 'error')).toMatchObject([
      { level: 'error', alert: true, event: 'grant.refused', request: 'req_X' },
    ])
  })

  it('show errors with code, cause and stack', () => {
    const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ECONNREFUSED' }) })
    expect(logged((log) => log.error('failed', { error }))).toMatchObject([
      {
        error: {
          type: 'Error',
          message: 'outer',
          stack: expect.any(String),
          cause: { message: 'inner', code: 'ECONNREFUSED' },
        },
      },
    ])
  })

  const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.${'s'.repeat(20)}`
  it.each([
    ['a field of that name', { authorization: 'Bearer zzz' }, 'zzz'],
    ['a deep field', { a: [{ clientSecret: 'zzz' }] }, 'zzz'],
    ['an environment', { environment: { AWS_REGION: 'zzz' } }, 'zzz'],
    ['the files of credentials', { files: { KUBECONFIG: 'zzz' } }, 'zzz'],
    ['a GitHub token', { url: `https://x:ghs_${'a'.repeat(36)}@github.com` }, 'ghs_a'],
    ['a JWT', { note: jwt }, jwt],
    [
      'a private key',
      { note: '-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----' },
      'MIIB',
    ],
    ['a password in an address', { note: 'postgres://gitsudo:hunter2@db/x' }, 'hunter2'],
    ['a secret of the service', { note: 'sent hook-secret-value along' }, 'hook-secret-value'],
    [
      'a secret in an error',
      { error: new Error('bad hook-secret-value', { cause: new Error(jwt) }) },
      'hook-secret-value',
    ],
  ])('mask %s', (_, fields, secret) => {
    const text = JSON.stringify(logged((log) => log.warn('note', fields)))
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(secret)
  })

  it('mask secrets in the message too, and survive cycles', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const text = JSON.stringify(
      logged((log) => log.warn('hook-secret-value', { cycle, big: 10n, bytes: new Uint8Array(3) })),
    )
    expect(text).not.toContain('hook-secret-value')
    expect(text).toContain('[3 bytes]')
  })
})

it('metrics show what the database holds now and what this replica counted', async () => {
  const metrics = createMetrics(
    async () => ({
      grants: { active: 2, revoking: 1 },
      revocationDebt: { count: 1, oldestMs: 6_000 },
      ledgerLag: { count: 3, oldest: 9_500 },
      unanchoredSince: 2_000,
      clouds: [{ provider: 'aws', lookedAt: 3_000 }, { provider: 'gcp' }],
    }),
    { now: () => 10_000 },
  )
  metrics.delivery('push', 'new')
  metrics.delivery('made-up-1', 'refused')
  metrics.decision('merge', 'passed')
  metrics.mergeToActive(800)
  metrics.endToGone(3_000)
  metrics.finding('aws', 'orphan')
  const { text, contentType } = await metrics.scrape()
  expect(contentType).toContain('text/plain')
  for (const line of [
    'gitsudo_grants{state="active"} 2',
    'gitsudo_grants{state="ended"} 0',
    'gitsudo_revocation_debt 1',
    'gitsudo_revocation_debt_oldest_seconds 6',
    'gitsudo_ledger_lag_events 3',
    'gitsudo_ledger_lag_seconds 0.5',
    'gitsudo_anchor_age_seconds 8',
    'gitsudo_cloud_comparison_age_seconds{provider="aws"} 7',
    'gitsudo_cloud_comparison_age_seconds{provider="gcp"} 0',
    'gitsudo_cloud_findings_total{provider="aws",finding="orphan"} 1',
    'gitsudo_deliveries_total{event="push",outcome="new"} 1',
    'gitsudo_deliveries_total{event="unsigned",outcome="refused"} 1',
    'gitsudo_decisions_total{moment="merge",verdict="passed"} 1',
    'gitsudo_merge_to_active_seconds_bucket{le="1"} 1',
    'gitsudo_end_to_gone_seconds_sum 3',
  ])
    expect(text).toContain(line)
})
