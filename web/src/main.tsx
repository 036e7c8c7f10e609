import { createRoot } from 'react-dom/client';
import { makeQueryClient } from './api/query-client';
import { App } from './app';
import './app.css';
import { takeAnswer } from './callback';
import { makeRouter } from './router';

// Before anything can see or keep the address: it may hold a bank's code.
const answer = takeAnswer(window);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(<App client={makeQueryClient()} router={makeRouter(answer)} />);
}
