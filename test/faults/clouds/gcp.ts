import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binding } from '../../../app/sandbox/clouds/gcp/policy.ts'
import { startGcp } from '../../../app/sandbox/clouds/gcp/start.ts'
import { asStray, bob, type OpenCloud, slots, staleMs, strayMark } from './cloud.ts'

const role = 'look-view'
const tokens: readonly [string, string][] = [['token', '']]
const project = (slot: string): string => `projects/${slot}`

/** Google Cloud, a project a slot; a folder or an organisation differs in its name alone. */
export const openGcp: OpenCloud = async ({ clock, dir }) => {
  const gcp = await startGcp({ clock, propagationMs: staleMs })
  for (const slot of slots) gcp.addResource(project(slot))
  const tokenFile = join(dir, 'gcp-token')
  const { token, configuration } = gcp.federation(tokenFile)
  await writeFile(tokenFile, token)
  await writeFile(join(dir, 'gcp.json'), JSON.stringify(configuration))
  return {
    name: 'gcp',
    provider: 'gcp',
    settings: {
      credentials_source: 'workload_identity_federation',
      credentials_file: join(dir, 'gcp.json'),
      base_url: gcp.url,
    },
    roles: [{ role, scopes: slots.map(project), cloudRole: 'roles/compute.viewer' }],
    faults: gcp.faults,
    asking: (slot) => ({ role, scope: project(slot) }),
    about: project,
    calls: {
      // Whether there is room.
      ask: { own: ['getIamPolicy'], all: tokens },
      // Written, and read back.
      give: { own: ['getIamPolicy', 'setIamPolicy', 'getIamPolicy'], all: tokens },
      look: { own: ['getIamPolicy'], all: [['search', ''], ...tokens] },
      // Listed, and taken out; listed, looked at, and cut back.
      stray: { own: ['getIamPolicy', 'getIamPolicy', 'setIamPolicy', 'getIamPolicy'] },
      drift: { own: ['getIamPolicy', 'getIamPolicy', 'getIamPolicy', 'setIamPolicy', 'getIamPolicy'] },
      revoke: { own: ['getIamPolicy', 'setIamPolicy', 'getIamPolicy'], all: tokens },
      expire: { own: ['getIamPolicy', 'setIamPolicy', 'getIamPolicy'], all: tokens },
    },
    held: async (slot) => gcp.policy(project(slot)).bindings.length,
    expireTokens: gcp.expireTokens,
    mischief: {
      stray: {
        do: (slot) => gcp.edit(project(slot), (there) => there.flatMap((one) => [one, straying(one)])),
        isMended: (slot) => gcp.policy(project(slot)).bindings.length <= 1,
      },
      drift: {
        do: (slot) =>
          gcp.edit(project(slot), (there) =>
            there.map((one) => ({ ...one, members: [...one.members, bob.gcp] })),
          ),
        isMended: (slot) =>
          gcp.policy(project(slot)).bindings.every(({ members }) => !members.includes(bob.gcp)),
      },
      regain: asStray,
    },
    hangUp: gcp.hangUp,
    leftovers: () =>
      slots.flatMap((slot) => gcp.policy(project(slot)).bindings.map(({ role }) => `${slot}: ${role}`)),
    close: gcp.close,
  }
}

const straying = ({ condition, ...one }: Binding): Binding => ({
  ...one,
  condition: { ...condition, title: strayMark(condition?.title ?? '') },
})
