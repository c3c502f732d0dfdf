-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
/*!40101 SET NAMES utf8mb4 */;

DROP TABLE IF EXISTS `em_accounts`;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `em_accounts` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(255) NOT NULL COMMENT 'it''s (a, name)',
  `note` varchar(255) NOT NULL,
  `server` varchar(255) NOT NULL,
  `port` varchar(255) NOT NULL,
  `username` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `from_name` varchar(255) NOT NULL,
  `from_address` varchar(255) NOT NULL,
  `encryption` enum('','tls','ssl') NOT NULL,
  `pec` tinyint(1) NOT NULL,
  `predefined` tinyint(1) NOT NULL DEFAULT '0',
  `timeout` int NOT NULL DEFAULT '1000',
  `ssl_no_verify` tinyint(1) NOT NULL DEFAULT '0',
  `provider` varchar(255) DEFAULT NULL,
  `refresh_token` text,
  `deleted_at` timestamp NULL DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

LOCK TABLES `em_accounts` WRITE;
INSERT INTO `em_accounts` VALUES (1,'Account email da Impostazioni','','smtp.example.it','587','azienda@example.it','p\'ss;w\\rd','Azienda \"Esempio\" S.r.l.','azienda@example.it','tls',0,1,1000,0,NULL,NULL,NULL),
(2,'PEC aziendale','Solo\r\nfatture','smtps.pec.example.it','465','azienda@pec.example.it','it''s','Azienda','azienda@pec.example.it','ssl',1,0,1000,1,NULL,NULL,NULL),
(3,'Vecchio','','smtp.example.it','25','','','','vecchio@example.it','',0,0,1000,0,NULL,NULL,'2024-01-02 03:04:05');
INSERT INTO `em_accounts` (`id`, `name`, `server`, `port`, `username`, `password`, `from_name`, `from_address`, `encryption`, `pec`, `predefined`, `provider`, `refresh_token`, `smile`) VALUES
(4, _utf8mb4'Google', 'smtp.gmail.com', 587, 'info@example.it', '', 'Info', 'info@example.it', 'tls', 0, 0, 'google', '1//token', ':-)'),
(5, 'Aruba', 'smtp.aruba.example', '25', 'news@example.it', 'x', 'News', 'news@example.it', '', 0, 0, NULL, NULL, ''),
(6, 'Vuoto', '', '', '', '', '', '', '', 1, 0, NULL, NULL, ''),
(7, 'corto');
UNLOCK TABLES;
INSERT INTO `zz_settings` VALUES (1,'INSERT INTO `em_accounts` VALUES (9)');
-- Dump completed
