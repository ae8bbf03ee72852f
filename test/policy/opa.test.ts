import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Confinement, findConfinement } from '../../app/policy/confinement.ts'
import { describeOpa, runOpa } from '../../app/policy/opa.ts'

const folder = mkdtempSync(join(tmpdir(), 'gitsudo-confined-'))
let scripts = 0
/** A program in opa's place that does `body`. */
const program = (body: string) => {
  scripts += 1
  const path = join(folder, `opa-${scripts}`)
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}
const linux = process.platform === 'linux'
const run = (body: string, confinement?: Confinement, timeoutMs = 20_000) =>
  runOpa({ path: program(body), ...(confinement === undefined ? {} : { confinement }) }, ['test'], {
    timeoutMs,
  })
const within = (...command: readonly string[]): Confinement => ({ command, held: [], missing: [] })

test('the environment is empty', async () => {
  process.env.GITSUDO_TRIAL_SECRET = 'hunter2'
  const { stdout } = await run('/usr/bin/env', await findConfinement(['/bin/true'], ''))
  delete process.env.GITSUDO_TRIAL_SECRET
  expect(stdout).not.toContain('hunter2')
  expect(stdout.split('\n').filter((line) => !/^(PWD|SHLVL|_|OLDPWD)?(=|$)/.test(line))).toEqual([])
})

test('past its time it is killed with everything it started', async () => {
  const file = join(folder, 'child.pid')
  await expect(run(`/bin/sleep 600 & echo $! > ${file}\nwait`, undefined, 500)).rejects.toMatchObject({
    code: 'timeout',
  })
  expect(existsSync(file)).toBe(true)
  const pid = Number(readFileSync(file, 'utf8'))
  // A killed orphan may wait a moment to be reaped.
  await expect
    .poll(() => {
      try {
        return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
          .trim()
          .startsWith('Z')
      } catch {
        return true
      }
    })
    .toBe(true)
})

test('a caller that gives up ends it', async () => {
  const stop = new AbortController()
  const running = runOpa({ path: program('exec /bin/sleep 600') }, ['build'], {
    timeoutMs: 60_000,
    signal: stop.signal,
  })
  stop.abort()
  await expect(running).rejects.toMatchObject({ code: 'timeout' })
})

test('what it says is bounded', async () => {
  await expect(run('exec /bin/cat /dev/zero')).rejects.toMatchObject({ code: 'limit' })
})

test.runIf(linux)('processor time is bounded, whatever the clock says', async () => {
  const looping = run('while :; do :; done', within('/usr/bin/prlimit', '--cpu=1', '--'))
  await expect(looping).rejects.toMatchObject({ code: 'limit' })
})

test('a runtime without memory is past its limit, a confinement that fails is trouble', async () => {
  await expect(run('echo "fatal error: out of memory" >&2; exit 2')).rejects.toMatchObject({ code: 'limit' })
  await expect(run('echo "unshare: unshare failed" >&2; exit 1')).rejects.toMatchObject({
    code: 'not_runnable',
  })
  await expect(run('exit 127')).rejects.toMatchObject({ code: 'not_runnable' })
  expect(await run('echo "1 error occurred" >&2; exit 1')).toMatchObject({ ok: false })
})

test.runIf(linux)('what the machine does not allow is named as missing', async () => {
  const none = await findConfinement(['/bin/true'], folder)
  expect(none).toMatchObject({ command: [], missing: ['processor and memory limits', 'no network'] })
  const refusing = mkdtempSync(join(tmpdir(), 'gitsudo-refusing-'))
  writeFileSync(join(refusing, 'unshare'), '#!/bin/sh\nexit 1\n')
  chmodSync(join(refusing, 'unshare'), 0o755)
  expect((await findConfinement(['/bin/true'], `${refusing}:/usr/bin`)).missing).toEqual(['no network'])
})

test.runIf(linux)('with the measures of this machine there is no network and little memory', async () => {
  const here = await findConfinement(['/bin/true'], '')
  if (here.held.includes('no network')) {
    const { stdout } = await run('/bin/cat /proc/net/dev', here)
    expect(
      stdout
        .split('\n')
        .filter((line) => /^\s*\w+:/.test(line))
        .map((line) => line.trim().split(':')[0]),
    ).toEqual(['lo'])
  }
  expect(here.held).toContain('processor and memory limits')
  const { stdout } = await run('ulimit -v; ulimit -d', here)
  expect(stdout.trim().split('\n')).toEqual([String(4 * 1024 * 1024), String(512 * 1024)])
})

test('what holds and what does not is said in one line', () => {
  expect(describeOpa(undefined)).toBe('not found: only the packaged policies can be used')
  const confinement = { command: [], held: ['empty environment', 'bounded output'], missing: ['no network'] }
  expect(describeOpa({ path: '/opa', version: '1.22.0', confinement })).toBe(
    '1.22.0, confined by: empty environment, bounded output; this machine does not allow: no network',
  )
})
