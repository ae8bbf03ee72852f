import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startAzure } from '../../../app/sandbox/clouds/azure/start.ts'
import type { Calls } from '../cell.ts'
import { type OpenCloud, slots, staleMs } from './cloud.ts'

const subscription = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
const role = 'look-view'
const group = (slot: string): string => `${subscription}/resourceGroups/${slot}`

/** What is listed is that of the whole subscription. */
const whole = `${subscription} `
const assignmentCalls: Calls = {
  give: {
    own: ['roleDefinitions/read', 'roleAssignments/write', 'roleAssignments/read'],
  },
  look: {
    own: ['roleAssignments/read'],
    all: [
      ['scopes/read', ''],
      ['roleAssignments/read', whole],
    ],
  },
  revoke: { own: ['roleAssignments/delete', 'roleAssignments/read'] },
  expire: { own: ['roleAssignments/delete', 'roleAssignments/read'] },
}
const [instances, requests] = ['roleAssignmentScheduleInstances/read', 'roleAssignmentScheduleRequests/read']
const pimCalls: Calls = {
  give: {
    own: [instances, 'roleDefinitions/read', 'roleAssignmentScheduleRequests/write', instances, requests],
  },
  look: {
    own: [instances, requests],
    all: [
      ['scopes/read', ''],
      [instances, whole],
      [requests, whole],
    ],
  },
  revoke: { own: [instances, requests, 'roleAssignmentScheduleRequests/write', instances] },
  // Azure has ended it.
  expire: { own: [instances] },
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
        return there.filter(({ scope }) => scope === group(slot).toLowerCase()).length
      },
      leftovers: () => [],
      close: azure.close,
    }
  }

export const openAzure = open('role_assignment')
export const openPim = open('pim')
