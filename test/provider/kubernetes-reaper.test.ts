import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ofOurs, reap } from '../support/reaper.ts'

/** The reaper's loop over what kubectl printed; test/slow/kubernetes has it with a real kubectl and a real cluster. */
let bin: string
beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'gitsudo-reaper-'))
  const kubectl = join(bin, 'kubectl')
  await writeFile(
    kubectl,
    '#!/bin/sh\nif [ "$1" = get ]; then cat "$BIN/found"; else echo "$*" >>"$BIN/said"; fi\n',
  )
  await chmod(kubectl, 0o755)
})
afterAll(() => rm(bin, { recursive: true, force: true }))

/** What the loop has kubectl delete. */
const deletesOf = async (...found: readonly string[]): Promise<readonly string[]> => {
  await writeFile(join(bin, 'found'), found.map((line) => `${line}\n`).join(''))
  await writeFile(join(bin, 'said'), '')
  expect(await reap(bin, { BIN: bin })).toEqual({ status: 0, stdout: '', stderr: '' })
  return (await readFile(join(bin, 'said'), 'utf8')).split('\n').slice(0, -1)
}
/** A line of the template: JSON quotes these texts as Go does. */
const line = (name: string, ends: string, namespace = 'checkout', kind = 'RoleBinding') =>
  [kind, ...[name, namespace, ends].map((text) => JSON.stringify(text))].join(' ')
const deletion = (name: string, namespace = 'checkout', kind = 'RoleBinding') =>
  `delete ${kind} ${name} --namespace=${namespace} --ignore-not-found`

const [past, future] = ['2026-01-01T00:00:00.000Z', '2099-01-01T00:00:00.000Z']
const [ours, another] = [ofOurs('a'), ofOurs('b')]

test('deletes what is past its end or says none', async () => {
  expect(
    await deletesOf(
      line(ours, past),
      line(another, future),
      line(ofOurs('c'), past, '-', 'ClusterRoleBinding'),
      line(ofOurs('d'), 'never'),
      `RoleBinding "${ofOurs('e')}" "checkout" `,
      `RoleBinding "${ofOurs('f')}" "checkout" %!q(<nil>)`,
    ),
  ).toEqual([
    deletion(ours),
    deletion(ofOurs('c'), '', 'ClusterRoleBinding'),
    deletion(ofOurs('d')),
    deletion(ofOurs('e')),
    deletion(ofOurs('f')),
  ])
  expect(await deletesOf()).toEqual([])
})

test.each([
  ['an annotation that goes on with a line', line(ours, `${future}\n${line(another, past)}\nZ`)],
  ['a name that goes on with a line', line(`x\n${line(another, past)}`, past)],
  ['a name that goes on with a namespace', line(`${another}" "kube-system" "${past}`, past)],
  ['a name with a space', line(`${another} kube-system`, past)],
  ['a name with spaces about it', line(` ${another} `, past)],
  ['a name that is an option', line('--all', past)],
  ['a name that is no grant’s', line('cluster-admin', past, '-', 'ClusterRoleBinding')],
  ['a name that is that of our own rights', line('gitsudo-reaper', past, '-', 'ClusterRoleBinding')],
  ['a name that begins otherwise', line(`x-${another}`, past)],
  ['a namespace that is an option', line(another, past, '--all')],
])('deletes nothing by %s', async (_, found) => {
  expect(await deletesOf(found)).toEqual([])
})

test('deletes what somebody wrote lines into, and not what they say', async () => {
  expect(await deletesOf(line(ours, `x\n${line(another, past)}`))).toEqual([deletion(ours)])
})
