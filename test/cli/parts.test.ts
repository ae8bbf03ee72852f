import { describe, expect, it } from 'vitest'
import type { AuditAccess, CliDeps, LocalPolicies } from '../../app/cli/deps.ts'
import { Failure } from '../../app/cli/failure.ts'
import { relative } from '../../app/cli/terminal/relative.ts'
import { Shown } from '../../app/cli/terminal/said.ts'
import { table } from '../../app/cli/terminal/table.ts'
import { waitFor } from '../../app/cli/terminal/wait.ts'
import { ConfigError } from '../../app/config/fault.ts'
import { PolicyLoadError } from '../../app/policy/policy-fault.ts'
import { absent, gitsudo } from './harness.ts'

describe('audit export', () => {
  const ledger = () => {
    const told: string[] = []
    const access: AuditAccess = {
      export: async ({ write }) => {
        await write('{"a":1}\n')
        return { first: 1, last: 2 }
      },
      prove: absent,
      report: absent,
      proveGrowth: absent,
      close: async () => void told.push('closed'),
    }
    return {
      told,
      openAudit: async (url: string) => {
        told.push(url)
        return access
      },
    }
  }

  it('write one', async () => {
    const written: string[] = []
    const writeFile: CliDeps['writeFile'] = (path, work) =>
      work(async (text) => void written.push(`${path} ${text}`))
    const answer = await gitsudo(['audit', 'export', '--output', 'x.jsonl'], {
      ...ledger(),
      writeFile,
      env: { GITSUDO_DATABASE_URL: 'x' },
    })
    expect(answer).toMatchObject({ status: 0, out: '', err: 'Events 1 to 2 written to x.jsonl\n' })
    expect(written).toEqual(['x.jsonl {"a":1}\n'])
  })

  it('need a database that answers', async () => {
    const command = ['audit', 'export', '--output', 'x.jsonl']
    expect((await gitsudo(command)).status).toBe(2)
    const away = async () => {
      throw new Error('connection refused')
    }
    expect(await gitsudo(command, { openAudit: away, env: { DATABASE_URL: 'x' } })).toMatchObject({
      status: 3,
      err: expect.stringContaining('cannot be reached: connection refused'),
    })
  })
})

describe('policies of a folder', () => {
  const local = (faults: readonly string[], failed = 0): { localPolicies: () => Promise<LocalPolicies> } => ({
    localPolicies: async () => ({
      check: async () => ({
        policies: [{ name: 'roles', type: 'eligibility', wasm: 'ab'.repeat(32) }],
        faults,
        notes: ['roles.rego falls back to v0'],
      }),
      test: async () => ({ passed: 3, failed, output: ['PASS: 3/3'] }),
      evaluate: async (type) => ({
        allowed: type === 'approval',
        reason: 'because',
        policies: [],
        assumed: {},
      }),
      close: async () => undefined,
    }),
  })

  it('check', async () => {
    expect((await gitsudo(['policy', 'check'], local([]))).status).toBe(0)
    expect(await gitsudo(['policy', 'check', 'x'], local(['roles.rego:3:1 no; yes']))).toMatchObject({
      status: 1,
      out: expect.stringContaining('fault roles.rego:3:1 no; yes\n'),
    })
  })

  it('test', async () => {
    expect(await gitsudo(['policy', 'test'], local([]))).toMatchObject({
      status: 0,
      out: 'PASS: 3/3\n3 passed, 0 failed\n',
    })
    expect((await gitsudo(['policy', 'test'], local([], 1))).status).toBe(1)
  })

  it('eval', async () => {
    expect(
      await gitsudo(['policy', 'eval', '--dir', '.', '--type', 'approval', '--input', '@in.json'], {
        ...local([]),
        readText: async () => '{}',
      }),
    ).toMatchObject({ status: 0, out: 'allowed:  true\nreason:   because\n' })
  })

  it.each([
    ['invalid', 1, /roles\.yaml:3:1 is no list; write a list\n {2}→ mend them; gitsudo policy check x/],
    ['no_compiler', 3, /roles\.yaml:3:1 is no list; write a list\n {2}→ write a list/],
  ] as const)('eval says what is wrong with the folder: %s', async (code, status, message) => {
    const place = { file: 'policies/data/roles.yaml', line: 3, column: 1, code: 'limit' } as const
    const fault = { ...place, message: 'is no list', remedy: 'write a list' }
    const { localPolicies } = local([])
    const answer = await gitsudo(['policy', 'eval', '--dir', 'x', '--input', '{}'], {
      localPolicies: async () => ({
        ...(await localPolicies()),
        evaluate: () => Promise.reject(new PolicyLoadError(code, [fault])),
      }),
    })
    expect([answer.status, answer.err]).toEqual([status, expect.stringMatching(message)])
  })
})

describe('the service', () => {
  it('starts, and stops when it is told to', async () => {
    const told: unknown[] = []
    const startService = async (options: unknown) => {
      told.push(options)
      return { ended: new Promise<void>(() => undefined), stop: async () => void told.push('stopped') }
    }
    expect(
      (await gitsudo(['server', 'start', '--config', 'x.yaml', '--insecure'], { startService })).status,
    ).toBe(0)
    expect(told).toEqual([{ config: 'x.yaml', insecure: true, interrupted: expect.any(Promise) }, 'stopped'])
  })

  it('hears that it is to stop from its first moment on', async () => {
    const order: string[] = []
    const interrupted = async () => void order.push('listens')
    const startService: CliDeps['startService'] = async (options) => {
      order.push('starts')
      await options.interrupted
      return { ended: new Promise<void>(() => undefined), stop: async () => undefined }
    }
    expect((await gitsudo(['server', 'start'], { startService, interrupted })).status).toBe(0)
    expect(order).toEqual(['listens', 'starts'])
  })

  it('names every fault of its configuration', async () => {
    const startService = async () => {
      throw new ConfigError('x.yaml', [{ key: 'instance', message: 'is missing', remedy: 'write it' }])
    }
    expect(await gitsudo(['server', 'start'], { startService })).toMatchObject({
      status: 2,
      err: 'gitsudo: x.yaml: 1 fault\n  instance: is missing\n    → write it\n',
    })
  })

  it('init says what it did, or prints the manifest', async () => {
    expect(await gitsudo(['server', 'init'], { initialise: async () => ['made a key'] })).toMatchObject({
      status: 0,
      out: 'made a key\n',
    })
    const manifest = async (...said: unknown[]) => said
    const print = ['server', 'init', '--print-manifest']
    const { out } = await gitsudo([...print, '--url', 'https://g.example'], { manifest })
    expect(JSON.parse(out)).toEqual(['https://g.example'])
    const back = ['--redirect-url', 'https://here.example/']
    const { out: both } = await gitsudo([...print, '--url', 'https://g.example', ...back], { manifest })
    expect(JSON.parse(both)).toEqual(['https://g.example', 'https://here.example/'])
    expect((await gitsudo([...print, '--url', 'https://g.example', '--redirect-url', 'here'])).status).toBe(2)
    expect((await gitsudo(print)).status).toBe(2)
  })

  it('sweeps once', async () => {
    expect(await gitsudo(['sweep', '--once'], { sweepOnce: async () => 4 })).toMatchObject({
      status: 0,
      out: '4 woken\n',
    })
    expect((await gitsudo(['sweep'])).status).toBe(2)
  })

  it('runs a sandbox', async () => {
    const startSandbox = async () => ({
      lines: ['GitHub http://127.0.0.1:1'],
      ended: Promise.resolve(),
      stop: async () => undefined,
    })
    expect(await gitsudo(['sandbox', '--state-dir', '/x'], { startSandbox })).toMatchObject({
      status: 0,
      out: 'GitHub http://127.0.0.1:1\n',
    })
  })

  it('a fault of ours shows its stack and could not tell', async () => {
    const answer = await gitsudo(['sweep', '--once'])
    expect([answer.status, answer.err]).toEqual([
      3,
      expect.stringMatching(/not part of this test\n {4}at [\s\S]*please report it/),
    ])
  })
})

describe('on the terminal', () => {
  const now = Date.parse('2026-12-01T12:00:00Z')
  it.each([
    ['2026-12-01T12:00:00Z', 'now'],
    ['2026-12-01T12:00:12Z', 'in 12s'],
    ['2026-12-01T13:59:59Z', 'in 1h 59m'],
    ['2026-12-01T13:00:30Z', 'in 1h'],
    ['2026-11-28T11:00:00Z', '3d 1h ago'],
    ['2026-12-01T11:59:59.999Z', 'now'],
  ])('%s is %s', (at, text) => {
    expect(relative(at, now)).toBe(text)
  })

  it('tables align whatever is in them', () => {
    expect(
      table(
        ['A', 'B'],
        [
          [new Shown('\u001b[31mred\u001b[39m'), '1'],
          ['green', 'a long last one'],
        ],
        14,
      ),
    ).toBe('A      B\n\u001b[31mred\u001b[39m    1\ngreen  a long…\n')
    expect(table(['A', 'B'], [])).toBe('A  B\n')
    expect(table(['A', 'B'], [['日本', '1']])).toBe('A     B\n日本  1\n')
    expect(table(['A', 'B'], [['x', '日本👩‍💻語']], 10)).toBe('A  B\nx  日本👩‍💻…\n')
    expect(table(['A', 'B'], [['x', '日本👩‍💻語']], 9)).toBe('A  B\nx  日本…\n')
  })

  it('what a look could not tell has a line of its own beside the spinner', async () => {
    let [time, text, looks] = [now, '', 0]
    const err = {
      write: (part: string) => {
        text += part
      },
      isTTY: true,
      columns: 80,
    }
    const sleep = async (ms: number) => {
      time += ms
    }
    const look = async () => {
      looks += 1
      if (looks === 2) throw new Failure('unknown', 'It is away.')
      return looks === 3 ? 'here' : undefined
    }
    await waitFor({ clock: { now: () => time }, sleep, err, env: { NO_COLOR: '1' } }, 'waiting', look)
    expect(text).toContain('\r\u001b[KIt is away. Asking again.\n\r')
  })

  it('a spinner turns while waiting and leaves nothing behind', async () => {
    let time = now
    let text = ''
    const err = {
      write: (part: string) => {
        text += part
      },
      isTTY: true,
      columns: 80,
    }
    const sleep = async (ms: number) => {
      time += ms
    }
    let looks = 0
    const found = await waitFor(
      { clock: { now: () => time }, sleep, err, env: { NO_COLOR: '1' } },
      'waiting',
      async () => (++looks === 3 ? 'here' : undefined),
    )
    expect(found).toBe('here')
    expect(text).toMatch(/^\r⠋ waiting \r⠙ waiting /)
    expect(text.endsWith('\r\u001b[K')).toBe(true)
    expect(time - now).toBe(4_000)
    expect(
      await waitFor({ clock: { now: () => time }, sleep, err, env: {} }, 'never', async () => undefined, {
        limitMs: 5_000,
      }),
    ).toBeUndefined()
  })
})
