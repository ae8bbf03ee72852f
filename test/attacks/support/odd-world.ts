import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AttackWorld, kept, ownWorld } from './world.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let shared: Promise<AttackWorld> | undefined

/**
 * A world, shared by the attacks of one test process, whose groups are GitHub's teams: `cluster-admin` is approved by
 * night-watch, nested and too long for one page; `vault-admin` by a team that is not there, `void-admin` by one
 * without members. `prod-vault-admin` is approved by one of the deciders bob and dave, and by one of prod-approvers.
 * All are in scope `c1` and open to sre.
 */
export const oddWorld = (): Promise<AttackWorld> => {
  shared ??= open().then(kept)
  return shared
}

const open = async (): Promise<AttackWorld> => {
  const template = await templateWith({
    'groups.yaml': (text) =>
      `${text}  night-watch: { team: acme/night-watch }\n  ghosts: { team: acme/gone }\n  nobody: { team: acme/nobody }\n  deciders: { members: [bob, dave] }\n`,
    'roles.yaml': (text) =>
      Object.entries({
        'cluster-admin': 'night-watch',
        'vault-admin': 'ghosts',
        'void-admin': 'nobody',
        'prod-vault-admin': 'deciders',
      }).reduce(
        (all, [role, owner]) =>
          `${all}  - { provider: mock, role: ${role}, scopes: [c1], maxDuration: 4h, owners: [${owner}, sre] }\n`,
        text,
      ),
  })
  const t = await ownWorld({ merge: 'manual', template })
  const { admin } = t.github
  // Below everybody else's ids, which is the order in which GitHub lists them: bob and carol come on the second page.
  const crowd = Array.from(
    { length: 101 },
    (_, n) => admin.createUser({ login: `night-${n}`, id: n + 500 }).login,
  )
  admin.createTeam({ org: 'acme', slug: 'nobody' })
  admin.createTeam({ org: 'acme', slug: 'night-watch' })
  admin.createTeam({
    org: 'acme',
    slug: 'europe',
    parent: 'night-watch',
    members: [...crowd, 'bob', 'carol'],
  })
  return t
}

/** A copy of the shipped policies with some files below `policies/` changed, or left out where nothing comes back. */
export const templateWith = async (
  changes: Readonly<Record<string, (text: string) => string>>,
): Promise<string> => {
  const template = await mkdtemp(join(tmpdir(), 'gitsudo-template-'))
  await cp(join(root, 'policies'), join(template, 'policies'), { recursive: true })
  for (const [name, change] of Object.entries(changes)) {
    const file = join(template, 'policies', 'data', name)
    await writeFile(file, change(await readFile(file, 'utf8')))
  }
  return template
}
