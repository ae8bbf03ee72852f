import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allPermissions } from '../../app/provider/gcp/check.ts'
import { gcpWorld } from '../support/gcp.ts'

const project = 'projects/example-prod'
let w: Awaited<ReturnType<typeof gcpWorld>>
beforeEach(async () => {
  w = await gcpWorld()
})
afterEach(() => w.gcp.close())

describe('check', () => {
  test('names each resource and permission that is missing, and says when there is nothing at all', async () => {
    w.gcp.withdraw('resourcemanager.folders.setIamPolicy')
    expect(await w.provider().check(w.call())).toEqual([
      'folders/7: permission resourcemanager.folders.setIamPolicy is missing',
      `gitsudo's own role: ${JSON.stringify({ includedPermissions: allPermissions })}`,
    ])
    w.gcp.giveBack('resourcemanager.folders.setIamPolicy')
    w.offers.push(
      { cloudRole: 'roles/compute.viewer', scope: project, seconds: 60 },
      { cloudRole: 'roles/compute.viewer', scope: 'projects/elsewhere', seconds: 60 },
      { cloudRole: 'roles/editor', scope: project, seconds: 60 },
    )
    expect(await w.provider().check(w.call())).toEqual([
      'projects/elsewhere: permission resourcemanager.projects.get is missing',
      'projects/elsewhere: permission resourcemanager.projects.getIamPolicy is missing',
      'projects/elsewhere: permission resourcemanager.projects.setIamPolicy is missing',
      expect.stringMatching(/^roles\.yaml: roles\/editor is a basic role/),
      expect.stringContaining('own role'),
    ])
    w.offers.length = 0
    const unread = w.provider('ours', undefined, async () => {
      throw new Error('the clone is away')
    })
    expect(await unread.check(w.call())).toEqual(['roles.yaml could not be read: the clone is away'])
    for (const kind of ['projects', 'folders', 'organizations']) w.gcp.withdraw(`resourcemanager.${kind}.get`)
    expect(await w.provider().check(w.call())).toEqual([expect.stringMatching(/nothing|no project/)])
    w.gcp.faults.plan({ answer: 'unavailable' })
    await expect(w.provider().check(w.call())).rejects.toThrow(/currently unavailable/)
  })

  test('a resource that refuses is named, and hides neither what others lack nor what roles.yaml says', async () => {
    w.offers.push({ cloudRole: 'roles/editor', scope: project, seconds: 60 })
    w.gcp.withdraw('resourcemanager.folders.setIamPolicy')
    w.gcp.faults.plan({ answer: 'forbidden', on: ['testIamPermissions'], about: 'organizations/42' })
    const [lacks, refused, ...others] = await w.provider().check(w.call())
    expect(refused).toMatch(/^organizations\/42: gcp: testIamPermissions of organizations\/42: Permission/)
    expect(lacks).toBe('folders/7: permission resourcemanager.folders.setIamPolicy is missing')
    expect(others).toEqual([
      expect.stringMatching(/^roles\.yaml: roles\/editor is a basic role/),
      expect.stringContaining('own role'),
    ])
    w.gcp.faults.plan({ answer: 'forbidden', on: ['search'], count: 1 })
    expect(await w.provider().check(w.call())).toEqual([
      expect.stringContaining('projects.get is missing'),
      expect.stringMatching(/^roles\.yaml: /),
    ])
  })
})
