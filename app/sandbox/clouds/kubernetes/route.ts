import { type Resource, resources } from './objects.ts'

/** What a path names. */
export type Route = {
  readonly resource: Resource
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
}

const path = /^\/(?:api|apis\/([^/]+))\/v1\/(?:namespaces\/([^/]+)\/)?([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/

/** undefined: the double has nothing there. */
export const routeOf = (pathname: string): Route | undefined => {
  const [, group = '', namespace, plural, name, subresource] = path.exec(pathname) ?? []
  const resource = resources.find((one) => one.plural === plural && one.group === group)
  if (resource === undefined || (namespace !== undefined && !resource.namespaced)) return undefined
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name: decodeURIComponent(name) }),
    ...(subresource === undefined ? {} : { subresource }),
  }
}
