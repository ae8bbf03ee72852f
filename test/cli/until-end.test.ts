import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Failure } from '../../app/cli/failure.ts'
import { untilEnd } from '../../app/cli/until-end.ts'

const minute = 60_000

/** Time that passes once everybody sleeps. */
const timeOf = () => {
  let now = 0
  let sleepers: { readonly at: number; wake(): void }[] = []
  const sleep = (ms: number, over?: AbortSignal) =>
    new Promise<void>((wake) => {
      sleepers.push({ at: now + ms, wake })
      over?.addEventListener('abort', () => wake())
    })
  return {
    clock: { now: () => now },
    sleep,
    async passUntil(settled: Promise<void>): Promise<void> {
      let over = false
      const ended = settled.finally(() => {
        over = true
      })
      while (!over) {
        await turn()
        now = Math.min(...sleepers.map(({ at }) => at), now + minute)
        for (const { wake } of sleepers.filter(({ at }) => at <= now)) wake()
        sleepers = sleepers.filter(({ at }) => at > now)
      }
      await ended
    },
  }
}
type Answer = string | Promise<never>
type Says = (minute: number) => Answer

/** What is said beside a command, by minutes; `state`: what the service says then. */
async function beside(shell: boolean, minutes: number, state: Says = () => 'active') {
  const time = timeOf()
  const said: string[] = []
  const say = (text: string) => void said.push(`${time.clock.now() / minute}: ${text.trim()}`)
  const row = { id: 'req_1', approvers: [], repository_id: 1, pull_request: 1, path: '', head_sha: '' }
  await time.passUntil(
    untilEnd(
      time,
      {
        get: async (_, schema) => schema.parse({ ...row, state: await state(time.clock.now() / minute) }),
      },
      { id: 'req_1', endsAt: minutes * minute, shell },
      { say, hangUp: () => say('hung up') },
      new AbortController().signal,
    ),
  )
  return said
}
const away = (): never => {
  throw new Failure('unknown', 'The service cannot be reached.')
}

it.each([
  [
    'a shell',
    true,
    7.5,
    () => 'active',
    [
      '2.5: gitsudo: req_1 ends in 5m, and this shell with it.',
      '6.5: gitsudo: req_1 ends in 1m, and this shell with it.',
      '7.5: gitsudo: req_1 has ended; this shell is closed.',
      '7.5: hung up',
    ],
  ],
  [
    'a short one',
    true,
    0.5,
    () => 'active',
    ['0.5: gitsudo: req_1 has ended; this shell is closed.', '0.5: hung up'],
  ],
  [
    'one whose grant is revoked',
    true,
    60,
    (at: number) => (at < 3 ? 'active' : 'revoking'),
    ['3: gitsudo: req_1 is revoking; this shell is closed.', '3: hung up'],
  ],
  [
    'one whose service is away',
    true,
    1.5,
    away,
    [
      '0.5: gitsudo: req_1 ends in 1m, and this shell with it.',
      '1.5: gitsudo: req_1 has ended; this shell is closed.',
      '1.5: hung up',
    ],
  ],
  [
    'one whose service is away for a moment',
    false,
    60,
    (at: number): string => (at < 2 ? away() : 'revoking'),
    ['2: gitsudo: req_1 is revoking; the command goes on without it.'],
  ],
  [
    'one whose service never answers',
    true,
    6.5,
    () => new Promise<never>(() => undefined),
    [
      '1.5: gitsudo: req_1 ends in 5m, and this shell with it.',
      '5.5: gitsudo: req_1 ends in 1m, and this shell with it.',
      '6.5: gitsudo: req_1 has ended; this shell is closed.',
      '6.5: hung up',
    ],
  ],
  ['a command', false, 7, () => 'active', ['7: gitsudo: req_1 has ended; the command goes on without it.']],
  [
    'one whose grant has ended',
    false,
    7,
    (at: number) => (at < 1 ? 'active' : 'ended'),
    ['1: gitsudo: req_1 is ended; the command goes on without it.'],
  ],
] as const)('beside %s', async (_, shell, minutes, state, said) => {
  expect(await beside(shell, minutes, state)).toEqual(said)
})

it('says nothing of a command that is over', async () => {
  const over = new AbortController()
  const never = async () => {
    throw new Error('nobody is to be asked')
  }
  const sleep = async () => over.abort()
  const at = { say: () => expect.unreachable(), hangUp: () => expect.unreachable() }
  const given = { id: 'req_1', endsAt: 90_000, shell: true }
  await untilEnd({ clock: { now: () => 0 }, sleep }, { get: never }, given, at, over.signal)
})
