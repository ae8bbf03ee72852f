import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { oddFolder, oddPolicies } from '../../support/odd-policies.ts'
import { type AttackWorld, kept, ownWorld } from './world.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let shared: Promise<AttackWorld> | undefined

/** The running service, whose only policies go wrong as a request's metadata says; for the attacks of one test process. */
export const oddRulesWorld = (): Promise<AttackWorld> => {
  shared ??= open().then(kept)
  return shared
}

const open = async (): Promise<AttackWorld> => {
  const template = await mkdtemp(join(tmpdir(), 'gitsudo-template-'))
  const policies = join(template, 'policies')
  await cp(join(root, 'policies'), policies, { recursive: true })
  for (const name of await readdir(policies))
    if (name !== 'data') await rm(join(policies, name), { recursive: true })
  for (const { source } of oddPolicies)
    await cp(new URL(`${source.name}.rego`, oddFolder), join(template, source.path))
  return ownWorld({ merge: 'manual', template, env: { GITSUDO_TEST_POLICIES: 'odd' } })
}

/** A request that carol approved and erin merges past the check: refused for this reason, by name; nothing is granted. */
export const oddlyRefused = async (of: string, why: string): Promise<void> => {
  const t = await oddRulesWorld()
  const asked = await t.ask(`odd-${of}`, { metadata: `{ case: ${of} }` })
  await t.approve(asked.number, 'carol')
  await t.checked(asked.head, 'failure', why)
  await t.land(asked.number)
  await t.refused(asked, why)
  expect(await t.bindings()).not.toContain(asked.id)
}
