import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kubernetesWorld } from '../support/kubernetes.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryWorld } from '../support/memory/world.ts'

const rolebindings = 'rolebindings.rbac.authorization.k8s.io'
const minute = 60_000
let w: Awaited<ReturnType<typeof kubernetesWorld>>
beforeEach(async () => {
  w = await kubernetesWorld()
})
afterEach(() => w.cluster.close())

/** A grant on a cluster that gives tokens: its Secret is made before its binding, and no look at the binding shows it. */
const opened = async () => {
  const world = memoryWorld({ around: () => w.provider('ours', [w.withTokens]) })
  const id = await world.open(
    anIntent(1, world.clock.now(), {
      principal: 'serviceaccount:people/person-1',
      cloudRole: 'view',
      scope: 'production/checkout',
    }),
  )
  const look = async (times = 1) => {
    for (; times > 0; times--) {
      await world.look(id)
      world.clock.advance(2 * minute)
    }
    return world.store.grant(id)
  }
  return { world, look }
}
const secrets = () => w.cluster.all('Secret').map(({ metadata }) => metadata.name)

describe('what a grant leaves beside its binding', () => {
  test('goes when it fails', async () => {
    const { look } = await opened()
    w.cluster.withdraw(`create ${rolebindings}`)
    expect(await look()).toMatchObject({ state: 'provisioning' })
    expect(secrets()).toHaveLength(1)
    expect(await look(4)).toMatchObject({ state: 'failed', note: expect.stringContaining(rolebindings) })
    expect(secrets()).toEqual([])
  })

  test('goes when somebody took the binding away', async () => {
    const { look } = await opened()
    expect(await look()).toMatchObject({ state: 'active' })
    const [name = ''] = secrets()
    w.cluster.edit('RoleBinding', 'checkout', name, () => undefined)
    expect(await look()).toMatchObject({ state: 'ended', cause: 'revoked externally' })
    expect(secrets()).toEqual([])
  })

  test('keeps no grant from failing that gitsudo may neither give nor take away', async () => {
    const { look } = await opened()
    for (const verb of ['create', 'delete']) w.cluster.withdraw(`${verb} ${rolebindings}`)
    expect(await look(5)).toMatchObject({ state: 'failed' })
  })
})
