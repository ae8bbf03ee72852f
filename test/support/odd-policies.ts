import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Ports } from '../../app/compose/ports.ts'
import { readDirectory } from '../../app/identity/directory.ts'
import { createPolicySet, type LoadedPolicy } from '../../app/policy/policy-set.ts'
import { createEvaluatorPool } from '../../app/policy/pool.ts'

export const oddFolder = new URL('../attacks/support/odd-policies/', import.meta.url)

/** Compiled from the sources beside it by `npm run test:policy`'s compiler, which checks that it still is. */
const policy = (name: string, type: 'eligibility' | 'approval', hasAllow: boolean): LoadedPolicy => {
  const wasm = readFileSync(new URL(`${name}.wasm`, oddFolder))
  const source = { name, path: `policies/${name}.rego`, type, root: 'gitsudo' } as const
  return { source, compiled: { wasm, digest: hash('sha256', wasm), rego: 'v1', hasAllow } }
}
export const oddPolicies = [policy('may-ask', 'eligibility', true), policy('must-approve', 'approval', false)]

/** Memory runs out before the time does, on any machine. */
export const patientPool = () => createEvaluatorPool({ limitMs: 30_000 })

/** The same ports, with these policies compiled already wherever a commit has their sources; `close` them. */
export const withOddPolicies = (ports: Ports): Ports & { close(): Promise<void> } => {
  const pool = patientPool()
  const isOdd = (files: ReadonlyMap<string, Uint8Array>) =>
    oddPolicies.every(({ source: { name, path } }) => {
      const text = files.get(path)
      return (
        text !== undefined && Buffer.compare(text, readFileSync(new URL(`${name}.rego`, oddFolder))) === 0
      )
    })
  return {
    ...ports,
    loadPolicies: async (commit, files) => {
      const read = isOdd(files) ? readDirectory(files) : undefined
      return read?.ok === true
        ? createPolicySet(commit, read.directory, oddPolicies, pool)
        : ports.loadPolicies(commit, files)
    },
    close: () => pool.close(),
  }
}
