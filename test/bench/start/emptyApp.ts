/** The base of the load row: an app of `@azure/functions` with one function. It is bundled like the product. */
import { app } from '@azure/functions';

app.http('empty', { handler: async () => ({ status: 204 }) });
