import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LocalAzure, startAzure } from '../../../app/sandbox/clouds/azure/start.ts'
import type { Calls } from '../cell.ts'
import { asStray, bob, type Cloud, type OpenCloud, slots, staleMs, strayMark } from './cloud.ts'

const subscription = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
const role = 'look-view'
const group = (slot: string): string => `${subscription}/resourceGroups/${slot}`

/** What is listed is that of the whole subscription. */
const whole = `${subscription} `
const token: readonly [string, string][] = [['token', '']]
const assignmentCalls: Calls = {
  give: {
    own: ['roleDefinitions/read', 'roleAssignments/write', 'roleAssignments/read'],
    all: token,
  },
  look: {
    own: ['roleAssignments/read'],
    all: [['scopes/read', ''], ['roleAssignments/read', whole], ...token],
  },
  stray: { own: ['roleAssignments/read', 'roleAssignments/delete', 'roleAssignments/read'] },
  // What is for somebody else goes, and with it the grant.
  drift: {
    own: [
      'roleAssignments/read',
      'roleAssignments/read',
      'roleAssignments/delete',
      'roleAssignments/read',
      'roleAssignments/delete',
      'roleAssignments/read',
    ],
  },
  revoke: { own: ['roleAssignments/delete', 'roleAssignments/read'], all: token },
  expire: { own: ['roleAssignments/delete', 'roleAssignments/read'], all: token },
}
const [instances, requests] = ['roleAssignmentScheduleInstances/read', 'roleAssignmentScheduleRequests/read']
const pimCalls: Calls = {
  give: {
    own: [instances, 'roleDefinitions/read', 'roleAssignmentScheduleRequests/write', instances, requests],
    all: token,
  },
  look: {
    own: [instances, requests],
    all: [['scopes/read', ''], [instances, whole], [requests, whole], ...token],
  },
  stray: { own: [instances, requests, 'roleAssignmentScheduleRequests/write', instances] },
  drift: {
    own: [
      instances,
      requests,
      instances,
      requests,
      'roleAssignmentScheduleRequests/write',
      instances,
      requests,
    ],
  },
  revoke: { own: [instances, requests, 'roleAssignmentScheduleRequests/write', instances], all: token },
  // Azure has ended it.
  expire: { own: [instances], all: token },
}

type Mischiefs = Cloud['mischief']

const inSlot =
  (slot: string) =>
  ({ scope }: { readonly scope: string }) =>
    scope === group(slot).toLowerCase()

const assignmentMischief = (azure: LocalAzure): Mischiefs => {
  const there = (slot: string) => azure.assignments().filter(inSlot(slot))
  const forBob = { principalId: bob.azure, principalType: 'User' }
  return {
    stray: {
      do(slot) {
        for (const { role: roleDefinitionId, description = '' } of there(slot))
          azure.assign(group(slot), randomUUID(), {
            ...forBob,
            roleDefinitionId,
            description: strayMark(description),
          })
      },
      isMended: (slot) => there(slot).length <= 1,
    },
    drift: {
      do(slot) {
        for (const { name, role: roleDefinitionId, description } of there(slot)) {
          azure.unassign(group(slot), name)
          azure.assign(group(slot), name, { ...forBob, roleDefinitionId, description })
        }
      },
      isMended: (slot) => there(slot).length === 0,
      ends: true,
    },
    regain: asStray,
  }
}

const hourMs = 3_600_000
const pimMischief = (azure: LocalAzure): Mischiefs => {
  const there = (slot: string) => azure.pim.active().filter(inSlot(slot))
  const moved = new Map<string, number>()
  return {
    stray: {
      do(slot) {
        for (const { id, role: roleDefinitionId } of there(slot)) {
          const asked = azure.pim.requests(undefined).find(({ schedule }) => schedule === id)
          const [mark = ''] = asked?.justification.split(' ') ?? []
          azure.pim.request(group(slot), randomUUID(), {
            requestType: 'AdminAssign',
            principalId: bob.azure,
            roleDefinitionId,
            justification: `${strayMark(mark)} nobody's`,
            scheduleInfo: { expiration: { type: 'AfterDuration', duration: 'PT3600S' } },
          })
          // In its first five minutes PIM ends nothing, and faults that hang leave no time to wait for that.
          azure.pim.age(azure.pim.keyOf(group(slot), roleDefinitionId, bob.azure), 300_000)
        }
      },
      isMended: (slot) => there(slot).every(({ principalId }) => principalId !== bob.azure),
    },
    drift: {
      do(slot) {
        for (const { scope, role: of, principalId, endsAt = 0 } of there(slot)) {
          moved.set(slot, endsAt + hourMs)
          azure.pim.move(azure.pim.keyOf(scope, of, principalId), endsAt + hourMs)
        }
      },
      isMended: (slot) => there(slot).every(({ endsAt }) => endsAt !== moved.get(slot)),
    },
    regain: asStray,
  }
}

/** Azure, a resource group a slot. */
const open =
  (mode: 'role_assignment' | 'pim'): OpenCloud =>
  async ({ clock, dir }) => {
    const azure = await startAzure({ clock, propagationMs: staleMs })
    azure.addScope(subscription)
    for (const slot of slots) azure.addScope(group(slot), subscription)
    const { clientId, clientSecret } = azure.entra.secretApp()
    await writeFile(join(dir, 'azure-secret'), clientSecret)
    await writeFile(join(dir, 'azure.pem'), azure.certificate)
    return {
      name: `azure ${mode}`,
      provider: 'azure',
      settings: {
        mode,
        credentials_source: 'client_secret',
        tenant_id: azure.entra.tenant,
        client_id: clientId,
        client_secret_file: join(dir, 'azure-secret'),
        authority_host: azure.url,
        base_url: azure.url,
      },
      env: { NODE_EXTRA_CA_CERTS: join(dir, 'azure.pem') },
      roles: [{ role, scopes: slots.map(group), cloudRole: 'Reader' }],
      faults: azure.faults,
      asking: (slot) => ({ role, scope: group(slot) }),
      about: (slot) => `/${slot}`,
      calls: mode === 'pim' ? pimCalls : assignmentCalls,
      held: async (slot) => {
        const there = mode === 'pim' ? azure.pim.active() : azure.assignments()
        return there.filter(inSlot(slot)).length
      },
      expireTokens: azure.entra.expire,
      hangUp: azure.hangUp,
      mischief: mode === 'pim' ? pimMischief(azure) : assignmentMischief(azure),
      leftovers: () => [...azure.assignments(), ...azure.pim.active()].map(({ scope }) => scope),
      close: azure.close,
    }
  }

export const openAzure = open('role_assignment')
export const openPim = open('pim')
