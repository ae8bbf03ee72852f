import { expect, it } from 'vitest'
import type { CliDeps } from '../../app/cli/deps.ts'
import { gitsudo } from './harness.ts'

const binding = {
  grant: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
  handle: 'projects/p gitsudo-x',
  principal: 'user:alice@example.com',
  role: 'roles/compute.viewer',
  scope: 'projects/p',
}
const listing = (...answers: Awaited<ReturnType<CliDeps['listProviders']>>) => ({
  listProviders: async () => answers,
})
const checking = (...answers: Awaited<ReturnType<CliDeps['checkProviders']>>) => ({
  checkProviders: async () => answers,
})

it('lists what is there, as a table and as JSON', async () => {
  const deps = listing(
    { provider: 'gcp', found: [{ ...binding, expiresAt: Date.parse('2026-12-01T13:00:00Z') }] },
    { provider: 'mock', found: [binding] },
  )
  const shown = await gitsudo(['provider', 'list'], deps)
  expect(shown.status).toBe(0)
  expect(shown.out).toMatch(
    /gcp +req_\w+ +user:alice@example.com +roles\/compute.viewer +projects\/p +2026-12-01T13:00:00.000Z\n/,
  )
  expect(shown.out).toMatch(/mock .* no\n$/)
  const json = JSON.parse((await gitsudo(['provider', 'list', '-o', 'json'], deps)).out)
  expect(json).toEqual([
    { provider: 'gcp', ...binding, expires_at: '2026-12-01T13:00:00.000Z' },
    { provider: 'mock', ...binding },
  ])
})

it('says where grants make nothing that could be listed', async () => {
  const answer = await gitsudo(
    ['provider', 'list'],
    listing({ provider: 'aws', found: [], traceless: true }, { provider: 'mock', found: [binding] }),
  )
  expect(answer).toMatchObject({
    status: 0,
    out: expect.stringMatching(/mock/),
    err: 'gitsudo: aws: its grants make nothing there that could be listed: `gitsudo status --provider aws` shows them\n',
  })
})

it('does not pass trouble off as nothing', async () => {
  const answer = await gitsudo(
    ['provider', 'list'],
    listing({ provider: 'gcp', trouble: 'gcp: no token to be had' }),
  )
  expect(answer).toMatchObject({
    status: 3,
    err: expect.stringContaining('not listed: gcp: no token to be had'),
  })
  const unread = [{ place: 'projects/q', kind: 'forbidden' as const, why: 'gcp: permission x is missing' }]
  const some = await gitsudo(['provider', 'list'], listing({ provider: 'gcp', found: [binding], unread }))
  expect(some).toMatchObject({
    status: 3,
    out: expect.stringContaining('projects/p'),
    err: 'gitsudo: not listed: projects/q: gcp: permission x is missing\n',
  })
})

it('checks: silence is well, anything said or untold is not', async () => {
  expect(await gitsudo(['provider', 'check'], checking({ provider: 'mock', found: [] }))).toMatchObject({
    status: 0,
    out: expect.stringMatching(/mock +OK +nothing is wrong/),
  })
  const bad = checking(
    { provider: 'gcp', found: ['permission x is missing'] },
    { provider: 'aws', trouble: 'away' },
  )
  expect(await gitsudo(['provider', 'check', '-o', 'json'], bad)).toMatchObject({
    status: 1,
    out: `${JSON.stringify(
      [
        { provider: 'gcp', problems: ['permission x is missing'] },
        { provider: 'aws', problems: [], trouble: 'away' },
      ],
      null,
      2,
    )}\n`,
  })
  const away = checking({ provider: 'mock', found: [] }, { provider: 'aws', trouble: 'away' })
  expect(await gitsudo(['provider', 'check'], away)).toMatchObject({
    status: 3,
    out: expect.stringMatching(/aws +UNKNOWN +away/),
  })
})

it('reconciles: agreement is well, what was found is told with what became of it', async () => {
  const reconciling = (...answers: Awaited<ReturnType<CliDeps['reconcileProviders']>>) => ({
    reconcileProviders: async () => answers,
  })
  expect(
    await gitsudo(['provider', 'reconcile'], reconciling({ provider: 'mock', found: [] })),
  ).toMatchObject({
    status: 0,
    out: 'The clouds have what the ledger says.\n',
  })
  const { grant } = binding
  const some = reconciling({
    provider: 'gcp',
    found: [
      { finding: 'drift', grant, why: 'longer' },
      { finding: 'missing', grant },
      { finding: 'orphan', outcome: 'still there', note: 'permission missing', grant, found: binding },
    ],
  })
  const told = await gitsudo(['provider', 'reconcile', '-o', 'json'], some)
  expect(told.status).toBe(1)
  expect(JSON.parse(told.out)).toEqual([
    { provider: 'gcp', finding: 'drift', grant, outcome: 'looked at again', detail: 'longer' },
    { provider: 'gcp', finding: 'missing', grant, outcome: 'looked at again', detail: 'not in the cloud' },
    {
      provider: 'gcp',
      finding: 'orphan',
      grant,
      outcome: 'still there',
      detail:
        'projects/p gitsudo-x: user:alice@example.com has roles/compute.viewer on projects/p; permission missing',
    },
  ])
  expect((await gitsudo(['provider', 'reconcile'], some)).out).toMatch(/gcp +ORPHAN +req_\w+ +still there/)
  expect(
    await gitsudo(['provider', 'reconcile'], reconciling({ provider: 'gcp', trouble: 'gcp: away' })),
  ).toMatchObject({ status: 3, err: expect.stringContaining('not compared: gcp: away') })
  const unread = [{ place: 'staging', kind: 'unavailable' as const, why: 'kubernetes: away' }]
  expect(
    await gitsudo(['provider', 'reconcile'], reconciling({ provider: 'kubernetes', found: [], unread })),
  ).toMatchObject({ status: 3, err: 'gitsudo: not compared: staging: kubernetes: away\n' })
})
