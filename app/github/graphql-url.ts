/** Where GraphQL answers: beside REST on an Enterprise Server, below it on github.com. */
export const graphqlUrl = (baseUrl: string): string =>
  baseUrl.endsWith('/api/v3') ? `${baseUrl.slice(0, -'v3'.length)}graphql` : `${baseUrl}/graphql`
