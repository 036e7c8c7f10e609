import { createRoot } from 'react-dom/client';
import { makeQueryClient } from './api/query-client';
import { App } from './app';
import './app.css';
import { makeRouter } from './router';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(<App client={makeQueryClient()} router={makeRouter()} />);
}
