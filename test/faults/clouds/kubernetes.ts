import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { startKubernetes } from '../../../app/sandbox/clouds/kubernetes/start.ts'
import { getPods, shipped } from '../../support/kubernetes.ts'
import type { Calls } from '../cell.ts'
import { asStray, type OpenCloud, slots, staleMs, strayMark } from './cloud.ts'

const role = 'look-view'
const gone: Calls['revoke'] = { own: ['DELETE', 'GET'], all: [['DELETE', '/people/secrets']] }

/** A cluster, a namespace a slot; its requester is a service account, so that there are tokens to give. */
const open =
  (latencyMs: number): OpenCloud =>
  async ({ clock, dir }) => {
    const cluster = await startKubernetes({ clock, propagationMs: staleMs, latencyMs })
    for (const object of [...shipped('rbac'), ...shipped('tokens')]) cluster.apply(object)
    for (const name of slots) cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    cluster.apply({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'alice', namespace: 'people' },
    })
    cluster.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'view' },
      rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
    })
    const token = cluster.tokenOf('system:serviceaccount:gitsudo:gitsudo')
    await writeFile(
      join(dir, 'kubeconfig'),
      JSON.stringify({
        contexts: [{ name: 'production', context: { cluster: 'p', user: 'gitsudo' } }],
        clusters: [{ name: 'p', cluster: { server: cluster.url } }],
        users: [{ name: 'gitsudo', user: { token } }],
      }),
      { mode: 0o600 },
    )
    const given = new Map<string, string>()
    const bindings = (slot: string) => cluster.all('RoleBinding', slot)
    /** Secrets that go with what is no grant's, by slot. */
    const planted = new Map<string, string>()
    return {
      name: 'kubernetes',
      provider: 'kubernetes',
      settings: {
        kubeconfig_file: join(dir, 'kubeconfig'),
        clusters: [{ name: 'production', context: 'production', token_namespace: 'people' }],
      },
      roles: [{ role, scopes: slots.map((slot) => `production/${slot}`), cloudRole: 'view' }],
      faults: cluster.faults,
      asking: (slot) => ({ role, scope: `production/${slot}` }),
      about: (slot) => slot,
      calls: {
        // The binding, and whether it is in force.
        give: {
          own: ['POST', 'GET', 'POST'],
          all: [
            ['GET', '/v1/clusterroles'],
            ['POST', '/people/secrets'],
          ],
        },
        use: { all: [['POST', '/people/serviceaccounts']] },
        look: {
          own: ['GET'],
          all: [
            ['GET', '/v1/rolebindings'],
            ['GET', '/v1/clusterrolebindings'],
          ],
        },
        stray: gone,
        drift: { own: ['GET', 'GET', 'PUT', 'GET'] },
        revoke: gone,
        expire: gone,
      },
      mischief: {
        stray: {
          do(slot) {
            for (const { metadata, ...one } of bindings(slot)) {
              const name = strayMark(metadata.name)
              planted.set(slot, name)
              cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'people' } })
              cluster.apply({ ...one, metadata: { name, namespace: slot, labels: metadata.labels } })
            }
          },
          isMended: (slot) =>
            bindings(slot).length <= 1 &&
            cluster.all('Secret').every(({ metadata: { name } }) => name !== planted.get(slot)),
        },
        drift: {
          do(slot) {
            for (const { metadata } of bindings(slot))
              cluster.edit('RoleBinding', slot, metadata.name, (there) => ({
                ...there,
                subjects: [...subjectsOf(there), bobToo],
              }))
          },
          isMended: (slot) => bindings(slot).every((one) => subjectsOf(one).length === 1),
        },
        regain: asStray,
      },
      hangUp: cluster.hangUp,
      async held(slot) {
        const count = bindings(slot).length
        const wanted = { ...getPods, namespace: slot }
        return count === 0 ? Number(cluster.getsInBy(given.get(slot) ?? '', wanted)) : count
      },
      forget: () => given.clear(),
      given(slot, { files }) {
        const [kubeconfig = ''] = Object.values(files ?? {})
        const [{ users }] = loadAll(kubeconfig) as [{ users: [{ user: { token: string } }] }]
        given.set(slot, users[0].user.token)
      },
      leftovers: () =>
        ['Secret', 'RoleBinding'].flatMap((kind) =>
          cluster.all(kind).flatMap(({ metadata: { name } }) => (isOurs(name) ? [`${kind} ${name}`] : [])),
        ),
      close: cluster.close,
    }
  }

const bobToo = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob@example.com' }
const subjectsOf = (object: object): readonly unknown[] =>
  'subjects' in object && Array.isArray(object.subjects) ? object.subjects : []
const isOurs = (name: string): boolean => /^gitsudo-.{8}-req-/.test(name)

export const openKubernetes = open(0)
/** One that is as far away as `farMs`. */
export const farMs = 50
export const openFarKubernetes = open(farMs)
